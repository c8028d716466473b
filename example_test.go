package headrace_test

import (
	"context"
	"fmt"
	"log"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type OrderPlaced struct {
	OrderID string `json:"order_id"`
	Total   int64  `json:"total"`
}

var (
	Orders = headrace.Topic{Name: "orders"}
	Placed = headrace.Define(Orders, "order.placed", 1, func(o OrderPlaced) string { return o.OrderID })
)

func Example() {
	ctx, stop := context.WithCancel(context.Background())

	orders := headrace.NewService(headrace.ServiceConfig{
		Name: "orders", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{Orders},
	})
	mails := headrace.NewService(headrace.ServiceConfig{
		Name: "mails", Store: memory.NewStore(memory.StoreConfig{}),
		Handlers: []headrace.Handler{
			headrace.On(Placed, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[OrderPlaced]) error {
				fmt.Printf("thank you for order %s of %d\n", e.Data.OrderID, e.Data.Total)
				stop()
				return nil
			}),
		},
	})
	app := headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{orders, mails}}

	err := orders.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		// ... the order's own rows, and in the same transaction:
		return Placed.Publish(tx, OrderPlaced{OrderID: "A-17", Total: 4200})
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := app.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: thank you for order A-17 of 4200
}
