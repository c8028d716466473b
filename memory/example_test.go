package memory_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type signup struct{ Name, Country string }

var (
	signups  = headrace.Topic{Name: "signups"}
	signedUp = headrace.Define(signups, "signed.up", 1, func(s signup) string { return s.Country })
)

// count keeps a number for every country. It changes together with the cursor, so every event counts once, whatever happens.
func count(_ context.Context, tx *headrace.Tx, e headrace.Event[signup]) error {
	state := memory.State(tx)
	before, _ := state.Get(e.Data.Country)
	n, _ := strconv.Atoi(string(before)) // nothing yet is 0
	return state.Set(e.Data.Country, strconv.AppendInt(nil, int64(n+1), 10))
}

func ExampleState() {
	counted := make(chan string, 3)
	service := headrace.NewService(headrace.ServiceConfig{
		Name:  "statistics",
		Store: memory.NewStore(memory.StoreConfig{}),
		Owns:  []headrace.Topic{signups},
		Handlers: []headrace.Handler{
			headrace.On(signedUp, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[signup]) error {
				counted <- e.Data.Name
				return count(ctx, tx, e)
			}),
		},
	})
	app := headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{service}}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() { stopped <- app.Run(ctx) }()

	err := service.In(ctx, func(_ context.Context, tx *headrace.Tx) error {
		for _, s := range []signup{{"Ada", "GB"}, {"Blaise", "FR"}, {"Charles", "GB"}} {
			if err := signedUp.Publish(tx, s); err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Println("published:", err)
	for range 3 {
		<-counted
	}
	stop()
	fmt.Println("stopped:", <-stopped)

	err = service.View(context.Background(), func(_ context.Context, tx *headrace.Tx) error {
		for country, n := range memory.State(tx).All() {
			fmt.Printf("%s: %s\n", country, n)
		}
		return nil
	})
	fmt.Println("read:", err)
	// Output:
	// published: <nil>
	// stopped: <nil>
	// FR: 1
	// GB: 2
	// read: <nil>
}
