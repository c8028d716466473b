package headracetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/headracetest"
	"github.com/headrace/headrace/memory"
)

type seat struct{ Show, Number string }

var (
	boxOffice = headrace.Topic{Name: "box-office"}
	requested = headrace.Define(boxOffice, "seat.requested", 1, func(s seat) string { return s.Show })
	tickets   = headrace.Topic{Name: "tickets"}
	issued    = headrace.Define(tickets, "ticket.issued", 1, func(s seat) string { return s.Show })
	errTaken  = errors.New("the seat is taken")
)

func newTicketing(store *memory.Store) *headrace.Service {
	return headrace.NewService(headrace.ServiceConfig{
		Name: "ticketing", Store: store, Owns: []headrace.Topic{tickets},
		Handlers: []headrace.Handler{headrace.On(requested, issue)},
	})
}

// issue is the handler to be tested.
func issue(_ context.Context, tx *headrace.Tx, e headrace.Event[seat]) error {
	seats := memory.State(tx)
	if _, taken := seats.Get(e.Data.Number); taken {
		return headrace.Permanent(errTaken)
	}
	if err := seats.Set(e.Data.Number, []byte(e.ID)); err != nil {
		return err
	}
	return issued.Publish(tx, e.Data)
}

func ExampleHandle() {
	test := func(t testing.TB) {
		ticketing := newTicketing(memory.NewStore(memory.StoreConfig{}))

		published := headracetest.Handle(t, ticketing, requested, seat{"Hamlet", "B7"})
		ticket := headracetest.One(t, published, issued)
		fmt.Println("a ticket for", ticket.Data.Show, ticket.Data.Number)

		err := headracetest.HandleError(t, ticketing, requested, seat{"Hamlet", "B7"})
		fmt.Println("again:", errors.Is(err, errTaken), headrace.IsPermanent(err))
	}
	test(outside{}) // go test would pass a *testing.T

	// Output:
	// a ticket for Hamlet B7
	// again: true true
}
