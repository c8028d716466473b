package headrace_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

func TestAHandlerHasATimeout(t *testing.T) {
	t.Parallel()
	for want, options := range map[time.Duration][]headrace.HandlerOption{
		30 * time.Second: nil,
		2 * time.Second:  {headrace.Timeout(2 * time.Second)},
		5 * time.Minute:  {headrace.Retry{}, headrace.Timeout(5 * time.Minute)},
	} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			s, _ := postOffice(headrace.On(answered, func(ctx context.Context, _ *headrace.Tx, _ headrace.Event[letter]) error {
				<-ctx.Done()
				return ctx.Err()
			}, options...))
			_, err := s.Deliver(t.Context(), answerTo(t, "a"))
			if took := time.Since(begun); took != want || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("it ended after %v with %v, want %v", took, err, want)
			}
		})
	}
}

// TestAHandlerCorrelatesWhatItDoesElsewhere has a handler that publishes in another service, with a transaction of that service's own.
func TestAHandlerCorrelatesWhatItDoesElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere, store := postOffice()
	s := headrace.NewService(headrace.ServiceConfig{
		Name: "reader", Store: memory.NewStore(memory.StoreConfig{}),
		Handlers: []headrace.Handler{headrace.On(answered, func(ctx context.Context, _ *headrace.Tx, e headrace.Event[letter]) error {
			return elsewhere.In(ctx, func(_ context.Context, tx *headrace.Tx) error { return letterSent.Publish(tx, e.Data) })
		})},
	})
	e := answerTo(t, "a")
	e.CorrelationID = "c-1"
	if _, err := s.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := numbered(t, store, letters, "a"); len(got) != 1 || got[0].CorrelationID != "c-1" || got[0].CausationID != "" {
		t.Errorf("published %+v, want correlation c-1", got)
	}
}

func TestATxIsOfOneEvent(t *testing.T) {
	t.Parallel()
	s, _ := postOffice(headrace.On(answered, func(_ context.Context, tx *headrace.Tx, e headrace.Event[letter]) error {
		return letterSent.Publish(tx, e.Data)
	}))
	one, two := answerTo(t, "a"), answerTo(t, "b")
	one.ID, two.ID = "e-1", "e-2"
	published, err := s.Deliver(t.Context(), one, two)
	if err != nil || len(published) != 2 || published[0].CausationID != "e-1" || published[1].CausationID != "e-2" {
		t.Errorf("published %+v, %v: want one caused by each", published, err)
	}
}
