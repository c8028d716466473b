package headrace_test

import (
	"context"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type parcel struct{ ID, Street string }

var (
	parcels       = headrace.Topic{Name: "parcels"}
	parcelArrived = headrace.Define(parcels, "parcel.arrived", 1, func(p parcel) string { return p.ID })
)

// All five words: a contract, a service with its store and a handler, and an app that runs it.
func ExampleOn() {
	ctx, stop := context.WithCancel(context.Background())
	depot := headrace.NewService(headrace.ServiceConfig{
		Name:  "depot",
		Store: memory.NewStore(memory.StoreConfig{}),
		Owns:  []headrace.Topic{parcels},
		Handlers: []headrace.Handler{
			headrace.On(parcelArrived, func(_ context.Context, _ *headrace.Tx, e headrace.Event[parcel]) error {
				fmt.Println("parcel", e.Data.ID, "goes to", e.Data.Street)
				stop()
				return nil
			}),
		},
	})
	err := depot.In(ctx, func(_ context.Context, tx *headrace.Tx) error {
		return parcelArrived.Publish(tx, parcel{ID: "7", Street: "Mill Lane"})
	})
	fmt.Println("published:", err)

	app := headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{depot}}
	fmt.Println("stopped:", app.Run(ctx))
	// Output:
	// published: <nil>
	// parcel 7 goes to Mill Lane
	// stopped: <nil>
}
