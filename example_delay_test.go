package headrace_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type loan struct{ Title string }

var (
	loans   = headrace.Topic{Name: "loans"}
	overdue = headrace.Define(loans, "loan.overdue", 1, func(l loan) string { return l.Title })
)

// A delayed event is published now, is on its way later, and can be taken back until then.
func ExampleAfter() {
	ctx, stop := context.WithCancel(context.Background())
	library := headrace.NewService(headrace.ServiceConfig{
		Name: "library", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{loans},
		Handlers: []headrace.Handler{
			headrace.On(overdue, func(_ context.Context, _ *headrace.Tx, e headrace.Event[loan]) error {
				fmt.Println("overdue:", e.Data.Title)
				stop()
				return nil
			}),
		},
	})

	var token string
	err := library.In(ctx, func(_ context.Context, tx *headrace.Tx) error {
		return errors.Join(
			overdue.Publish(tx, loan{"Emma"}, headrace.After(time.Hour), headrace.Token(&token)),
			overdue.Publish(tx, loan{"Persuasion"}, headrace.After(10*time.Millisecond)),
		)
	})
	fmt.Println("lent:", err)

	err = library.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		inTime, err := tx.Cancel(ctx, token)
		fmt.Println("Emma is back in time:", inTime)
		return err
	})
	fmt.Println("taken back:", err)

	app := headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{library}}
	fmt.Println("stopped:", app.Run(ctx))
	// Output:
	// lent: <nil>
	// Emma is back in time: true
	// taken back: <nil>
	// overdue: Persuasion
	// stopped: <nil>
}
