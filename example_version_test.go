package headrace_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type guestV1 struct{ ID, Name string }

type guest struct{ ID, First, Last string }

var (
	guests = headrace.Topic{Name: "guests"}

	// What last year's code said, and what today's says in its place: the names have become two.
	arrivedV1 = headrace.Define(guests, "guest.arrived", 1, func(g guestV1) string { return g.ID })
	arrived   = headrace.Define(guests, "guest.arrived", 2, func(g guest) string { return g.ID },
		headrace.Upcast(1, func(old guestV1) guest {
			first, last, _ := strings.Cut(old.Name, " ")
			return guest{ID: old.ID, First: first, Last: last}
		}))
)

// A new version of an event comes with a function that reads the old one. Handlers see only the newest; the journal stays as it is.
func ExampleUpcast() {
	ctx, stop := context.WithCancel(context.Background())
	hotel := headrace.NewService(headrace.ServiceConfig{
		Name: "hotel", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{guests},
		Handlers: []headrace.Handler{
			headrace.On(arrived, func(_ context.Context, _ *headrace.Tx, e headrace.Event[guest]) error {
				fmt.Printf("good evening, %s %s (version %d)\n", e.Data.First, e.Data.Last, e.Version)
				if e.Version == arrived.Version() {
					stop()
				}
				return nil
			}),
		},
	})
	err := hotel.In(ctx, func(_ context.Context, tx *headrace.Tx) error {
		if err := arrivedV1.Publish(tx, guestV1{ID: "7", Name: "Ada Lovelace"}); err != nil {
			return err
		}
		return arrived.Publish(tx, guest{ID: "7", First: "Charles", Last: "Babbage"})
	})
	fmt.Println("published:", err)

	app := headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{hotel}}
	fmt.Println("stopped:", app.Run(ctx))
	// Output:
	// published: <nil>
	// good evening, Ada Lovelace (version 1)
	// good evening, Charles Babbage (version 2)
	// stopped: <nil>
}
