package headracetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/headracetest"
	"github.com/headrace/headrace/memory"
)

// outside is a testing.TB outside of a test, so that a test can see how a helper fails: with a panic.
type outside struct{ testing.TB }

func (outside) Helper()                      {}
func (outside) Context() context.Context     { return context.Background() }
func (outside) Fatalf(text string, a ...any) { panic(failed(fmt.Sprintf(text, a...))) }

type failed string

// wantFatal runs a function that has to end its test with a text that contains what is wanted.
func wantFatal(t *testing.T, want string, fn func(testing.TB)) {
	t.Helper()
	defer func() {
		t.Helper()
		if text, ok := recover().(failed); !ok || !strings.Contains(string(text), want) {
			t.Errorf("the test ended with %q: want %q in it", text, want)
		}
	}()
	fn(outside{})
}

// service makes a service with one handler; it owns the topic of tickets.
func service(handlers ...headrace.Handler) *headrace.Service {
	return headrace.NewService(headrace.ServiceConfig{
		Name: "service", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{tickets}, Handlers: handlers,
	})
}

func TestHandleCommits(t *testing.T) {
	t.Parallel()
	s := newTicketing(memory.NewStore(memory.StoreConfig{}))
	published := headracetest.Handle(t, s, requested, seat{"Hamlet", "A1"}, seat{"Hamlet", "A2"})
	var numbers []string
	for _, ticket := range headracetest.All(t, published, issued) {
		numbers = append(numbers, ticket.Data.Number)
	}
	if want := []string{"A1", "A2"}; !slices.Equal(numbers, want) {
		t.Errorf("published tickets %v: want %v", numbers, want)
	}
	err := s.View(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		if _, there := memory.State(tx).Get("A2"); !there {
			t.Error("what the handler wrote is not in the store")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHandleErrorUndoes(t *testing.T) {
	t.Parallel()
	s := newTicketing(memory.NewStore(memory.StoreConfig{}))
	if err := headracetest.HandleError(t, s, requested, seat{"Hamlet", "A1"}, seat{"Hamlet", "A1"}); !errors.Is(err, errTaken) {
		t.Errorf("got %v: want %v", err, errTaken)
	}
	headracetest.Handle(t, s, requested, seat{"Hamlet", "A1"}) // it would be taken if the first of the two had been kept
}

func TestHandleGivesBatchesTogether(t *testing.T) {
	t.Parallel()
	var sizes []int
	s := service(headrace.OnBatch(requested, func(_ context.Context, tx *headrace.Tx, events []headrace.Event[seat]) error {
		sizes = append(sizes, len(events))
		return issued.Publish(tx, events[0].Data)
	}))
	if err := headracetest.HandleError(t, s, requested, seat{"Hamlet", "A1"}, seat{"Hamlet", "A2"}); !errors.Is(err, headrace.ErrNoCause) {
		t.Errorf("got %v: want %v, as in a running service", err, headrace.ErrNoCause)
	}
	if want := []int{2}; !slices.Equal(sizes, want) {
		t.Errorf("calls with %v events: want %v", sizes, want)
	}
}

func TestPublishedKnowsWhatIsDelayed(t *testing.T) {
	t.Parallel()
	s := service(headrace.On(requested, func(_ context.Context, tx *headrace.Tx, e headrace.Event[seat]) error {
		return errors.Join(issued.Publish(tx, e.Data, headrace.After(time.Hour)), issued.Publish(tx, e.Data))
	}))
	all := headracetest.All(t, headracetest.Handle(t, s, requested, seat{"Hamlet", "A1"}), issued)
	if len(all) != 2 || !all[0].Due.IsZero() || !all[1].Due.Equal(all[1].Time.Add(time.Hour)) {
		t.Errorf("published %+v: want one without a delay, then one with an hour's", all)
	}
}

func TestWrongTestsFail(t *testing.T) {
	t.Parallel()
	fine := service(headrace.On(requested, func(context.Context, *headrace.Tx, headrace.Event[seat]) error { return nil }))
	bad := service(headrace.On(requested, func(context.Context, *headrace.Tx, headrace.Event[seat]) error { return errTaken }))
	broken := service(headrace.On(requested, nil))
	a1 := seat{"Hamlet", "A1"}
	for name, c := range map[string]struct {
		want string
		run  func(testing.TB)
	}{
		"the handler fails":         {errTaken.Error(), func(t testing.TB) { headracetest.Handle(t, bad, requested, a1) }},
		"the handler does not fail": {"it succeeded", func(t testing.TB) { _ = headracetest.HandleError(t, fine, requested, a1) }},
		"no handler":                {"no handler of tickets/ticket.issued", func(t testing.TB) { headracetest.Handle(t, fine, issued, a1) }},
		"no handler that could fail": {"no handler of tickets/ticket.issued", func(t testing.TB) {
			_ = headracetest.HandleError(t, fine, issued, a1)
		}},
		"no service that works": {"function is nil", func(t testing.TB) { _ = headracetest.HandleError(t, broken, requested, a1) }},
		"no key":                {"event 1: encode box-office/seat.requested.v1: no key", func(t testing.TB) { headracetest.Handle(t, fine, requested, a1, seat{}) }},
		"none published":        {"0 events of tickets/ticket.issued.v1", func(t testing.TB) { headracetest.One(t, nil, issued) }},
		"published by others": {"published event 1: decode", func(t testing.TB) {
			e := headrace.RawEvent{Metadata: headrace.Metadata{ID: "1", Topic: "tickets", Type: "ticket.issued", Version: 2}}
			headracetest.All(t, []headrace.RawPublished{{Event: e}}, issued)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFatal(t, c.want, c.run)
		})
	}
}
