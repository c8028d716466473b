package headrace_test

import (
	"context"
	"fmt"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type OrderPlaced struct {
	OrderID string `json:"order_id"`
	Total   int64  `json:"total"`
}

func Example() {
	ctx, stop := context.WithCancel(context.Background())

	topic := headrace.Topic{Name: "orders"}
	placed := headrace.Define(topic, "order.placed", 1, func(o OrderPlaced) string { return o.OrderID }) // a contract
	orders := headrace.NewService(headrace.ServiceConfig{                                                // owns a topic
		Name: "orders", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{topic},
	})
	mails := headrace.NewService(headrace.ServiceConfig{ // handles what others publish
		Name: "mails", Store: memory.NewStore(memory.StoreConfig{}), Handlers: []headrace.Handler{
			headrace.On(placed, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[OrderPlaced]) error {
				defer stop() // what is done through tx, what is published and the cursor's move are one transaction
				_, err := fmt.Println("thank you for order", e.Data.OrderID)
				return err
			}, headrace.Retry{Attempts: 8, Max: time.Minute}),
		},
	})
	app := headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{orders, mails}}
	err := orders.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		return placed.Publish(tx, OrderPlaced{OrderID: "A-17", Total: 4200}) // exists if and only if this commits
	})
	fmt.Println(err, app.Run(ctx))
	// Output:
	// thank you for order A-17
	// <nil> <nil>
}
