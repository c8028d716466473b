package headrace_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
)

// startBatch runs a reader that handles notes in batches, or the whole topic.
func startBatch(w *world, handler headrace.Handler) (stop func()) {
	w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
	w.reader = headrace.NewService(headrace.ServiceConfig{
		Name: "reader", Store: w.store("reader", w.read), Handlers: []headrace.Handler{handler},
	})
	return w.run(w.writer, w.reader)
}

// batch is a handler of batches that says what it was given. refuse may make it fail.
func batch(w *world, refuse func(events []headrace.Event[note]) error) func(context.Context, *headrace.Tx, []headrace.Event[note]) error {
	return func(_ context.Context, _ *headrace.Tx, events []headrace.Event[note]) error {
		if err := refuse(events); err != nil {
			return err
		}
		var keys []string
		for _, e := range events {
			keys = append(keys, fmt.Sprint(e.Key, e.Data.N))
		}
		w.say("%s", strings.Join(keys, " "))
		return nil
	}
}

// collect publishes before anybody listens, so that the events come together.
func collect(w *world) {
	startBatch(w, headrace.OnBatch(noted, batch(w, func([]headrace.Event[note]) error { return nil })))()
	for _, key := range oneInEach[:2] { // one call gets events of two partitions
		w.publish(key, 1, 2, 3)
	}
}

func TestBatchWithAGuiltyEventParksOnlyThat(t *testing.T) {
	story(t, func(w *world) {
		collect(w)
		var cured atomic.Bool
		defer startBatch(w, headrace.OnBatch(noted, batch(w, func(events []headrace.Event[note]) error {
			for _, e := range events {
				if e.Key == "a" && e.Data.N == 2 && !cured.Load() {
					return errors.New("poison")
				}
			}
			return nil
		}), headrace.Retry{Attempts: 3, Max: time.Second}))()
		time.Sleep(time.Minute)
		for _, e := range w.parked(dead, waiting) {
			if e.State == dead && (e.Attempts != 3 || e.Data == nil) {
				w.Errorf("%s is dead after %d attempts, want 3", e.Data, e.Attempts)
			}
		}
		w.bit(headrace.Applied, 4)
		w.bit(headrace.ParkedEvents, 2)
		cured.Store(true)
		if _, err := w.reader.Redrive(w.Context(), headrace.ParkedFilter{}); err != nil {
			w.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		w.heardLast("a2 a3")
		w.parked()
	})
}

func TestUnavailableBatchIsRunAgainInOrder(t *testing.T) {
	story(t, func(w *world) {
		collect(w)
		var down atomic.Bool
		var calls atomic.Int64
		down.Store(true)
		stop := startBatch(w, headrace.OnBatch(noted, batch(w, func([]headrace.Event[note]) error {
			calls.Add(1)
			if down.Load() {
				return headrace.Unavailable(errDown)
			}
			return nil
		}), headrace.Retry{Attempts: 1}))
		defer stop()
		time.Sleep(10 * time.Minute)
		w.heard()
		w.parked()
		if n := calls.Load(); n < 50 || n > 2000 {
			w.Errorf("%d calls in ten minutes", n)
		}
		down.Store(false)
		time.Sleep(20 * time.Second)
		w.bit(headrace.Applied, 6)
		w.parked()
	})
}

// TestUnavailableAfterADeath is a dependency that is down while a partition is worked on with care: it counts neither as an attempt nor as a
// death.
func TestUnavailableAfterADeath(t *testing.T) {
	story(t, func(w *world) {
		var down atomic.Bool
		down.Store(true)
		w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			if down.Load() {
				return headrace.Unavailable(errDown)
			}
			w.say("%s%d", e.Key, e.Data.N)
			return nil
		}, headrace.Retry{Attempts: 1})
		die, stop := w.process()
		w.publish("a", 1, 2)
		time.Sleep(time.Second)
		die()
		stop()
		w.read.Crash()
		defer w.start()()
		time.Sleep(10 * time.Minute)
		w.parked()
		if w.count(headrace.LeaseDirty) == 0 {
			w.Error("nothing was taken from the dead")
		}
		down.Store(false)
		time.Sleep(20 * time.Second)
		w.heard("a1", "a2")
		w.parked()
	})
}

// TestAPauseStopsItsPartitionOnly is about the other partitions of the same worker.
func TestAPauseStopsItsPartitionOnly(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			if e.Key == "a" {
				return headrace.Unavailable(errDown)
			}
			w.say("%s%d", e.Key, e.Data.N)
			return nil
		})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Minute)
		for n := range 3 {
			w.publish("b", n)
			time.Sleep(200 * time.Millisecond)
		}
		w.heard("b0", "b1", "b2")
		w.parked()
	})
}

func TestAWholeTopicInBatches(t *testing.T) {
	story(t, func(w *world) {
		defer startBatch(w, headrace.OnTopic(notes, func(_ context.Context, _ *headrace.Tx, events []headrace.RawEvent) error {
			for _, e := range events {
				w.say("%s %s %s", e.Type, e.Position, e.Data)
			}
			return nil
		}))()
		w.publish("a", 1)
		later := headrace.Define(notes, "note.burnt", 7, func(n note) string { return n.ID }) // of a type and version that nobody here knows
		err := w.writer.In(w.Context(), func(_ context.Context, tx *headrace.Tx) error { return later.Publish(tx, note{ID: "a", N: 2}) })
		if err != nil {
			w.Fatal(err)
		}
		time.Sleep(time.Second)
		w.heard(`note.taken 1-1 {"id":"a","n":1}`, `note.burnt 1-2 {"id":"a","n":2}`)
	})
}
