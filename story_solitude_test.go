package headrace_test

import (
	"context"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// An event that may have ended a process runs by itself. While it waits for that, a death says nothing about it.
func TestWaitingToBeAloneIsNoTry(t *testing.T) {
	story(t, func(w *world) {
		suspect := driver.Partition{Topic: "echoes", Number: echoes.Partition("s")}
		suspicious := memory.NewStore(memory.StoreConfig{})
		w.suspect(suspicious, "suspicious", suspect)

		busy := make(chan struct{})
		w.writer = headrace.NewService(headrace.ServiceConfig{
			Name: "writer", Store: w.written, Owns: []headrace.Topic{notes, echoes},
		})
		long := headrace.NewService(headrace.ServiceConfig{Name: "long", Store: w.read, Handlers: []headrace.Handler{
			headrace.On(noted, func(context.Context, *headrace.Tx, headrace.Event[note]) error {
				<-busy
				return nil
			}),
		}})
		w.publish("a", 1)
		if err := w.writer.In(w.Context(), func(_ context.Context, tx *headrace.Tx) error { return echoed.Publish(tx, note{ID: "s", N: 7}) }); err != nil {
			w.Fatal(err)
		}
		defer w.run(w.writer, long, headrace.NewService(headrace.ServiceConfig{
			Name: "suspicious", Store: suspicious, Handlers: []headrace.Handler{
				headrace.On(echoed, func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
					w.say("%s%d", e.Key, e.Data.N)
					return nil
				}),
			},
		}))()

		time.Sleep(20 * time.Second) // the lease has expired, and the suspect waits for the long handler
		if l := w.lease(suspicious, "suspicious", suspect); l.Fence != 2 || l.Tries != 1 {
			w.Errorf("fence %d, %d tries while the suspect waits, want 2 and the 1 from before", l.Fence, l.Tries)
		}
		w.heard()
		close(busy)
		time.Sleep(time.Second)
		w.heard("s7")
	})
}

// suspect leaves a store as a process that died while it tried the first event of a partition would: its lease expires after ten seconds.
func (w *world) suspect(store *memory.Store, group string, p driver.Partition) {
	w.Helper()
	if err := store.EnsureCursors(w.Context(), group, map[driver.Partition]driver.Position{p: driver.Start}); err != nil {
		w.Fatal(err)
	}
	l, ok, err := store.Acquire(w.Context(), group, p, "dead", 10*time.Second)
	if !ok || err != nil {
		w.Fatal(ok, err)
	}
	if _, err := store.Try(w.Context(), group, l, driver.Start.Next()); err != nil {
		w.Fatal(err)
	}
}

func (w *world) lease(store *memory.Store, group string, p driver.Partition) driver.Lease {
	w.Helper()
	leases, err := store.Cursors(w.Context(), group, []driver.Partition{p})
	if err != nil || len(leases) != 1 {
		w.Fatal(leases, err)
	}
	return leases[0]
}
