package headrace_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// listen makes the reader say what it applies.
func listen(w *world) {
	w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
		w.say("%s%d", e.Key, e.Data.N)
		return nil
	})
}

// partitionOf is the partition of a key of notes.
func partitionOf(key string) driver.Partition {
	return driver.Partition{Topic: notes.Name, Number: notes.Partition(key)}
}

// idle fails the test if an operation goes on without a pause. It lets time pass in a loop that does not, so that the test ends.
func idle(w *world, operation string, atMost int64) (check func()) {
	var calls atomic.Int64
	before := w.faults.before
	w.faults.before = func(op string) error {
		if op == operation && calls.Add(1) > 10*atMost {
			time.Sleep(time.Second)
		}
		if before != nil {
			return before(op)
		}
		return nil
	}
	return func() {
		w.Helper()
		if n := calls.Load(); n > atMost {
			w.Errorf("%s: %d times, want at most %d", operation, n, atMost)
		}
	}
}

func TestNumberingWhoseAnswerIsLost(t *testing.T) {
	story(t, func(w *world) {
		var armed, bit atomic.Bool
		w.faults.after = func(op string) error {
			if op == "writer.number" && armed.Load() && !bit.Swap(true) {
				return errDown
			}
			return nil
		}
		listen(w)
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Second)
		w.heard("a1")
		armed.Store(true)
		w.publish("a", 2)
		time.Sleep(3 * time.Second)
		w.heard("a2")
		if !bit.Load() {
			w.Error("no answer was lost")
		}
	})
}

func TestBrokerThatIsDownForAMinute(t *testing.T) {
	story(t, func(w *world) {
		var down atomic.Bool
		w.bound = 100
		w.faults.before = func(op string) error {
			if down.Load() && strings.HasPrefix(op, "broker.") {
				return errDown
			}
			return nil
		}
		listen(w)
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(10 * time.Second)
		w.heard("a1")
		down.Store(true)
		for n := 2; n < 8; n++ {
			w.publish("a", n)
			time.Sleep(10 * time.Second)
		}
		w.heard("a2", "a3", "a4", "a5", "a6", "a7")
		down.Store(false)
		time.Sleep(10 * time.Second)
		w.publish("a", 8)
		time.Sleep(time.Second)
		w.heard("a8")
		top, err := w.broker.Top(w.Context(), partitionOf("a"))
		if want := (headrace.Position{Epoch: 1, Seq: 8}); err != nil || top.Position != want {
			w.Errorf("the stream's top is %s, want %s (%v)", top.Position, want, err)
		}
		if w.count(headrace.AppendFailed) == 0 {
			w.Error("the broker was never missed")
		}
	})
}

// restored is a store as a backup would bring it back: only the first notes are in it.
func restored(w *world, key string, count int) *memory.Store {
	store := memory.NewStore(memory.StoreConfig{})
	broker := w.broker
	w.broker = memory.NewBroker(memory.BrokerConfig{})
	w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: store, Owns: []headrace.Topic{notes}})
	stop := w.run(w.writer)
	for n := range count {
		w.publish(key, n+1)
	}
	time.Sleep(time.Second)
	stop()
	w.broker = broker
	return store
}

func TestStreamIsFilledAgainInANewEpoch(t *testing.T) {
	story(t, func(w *world) {
		var fail atomic.Int32
		w.bound = 100
		w.faults.before = func(op string) error {
			if op == "broker.append" && fail.Add(-1) >= 0 {
				return errDown
			}
			return nil
		}
		listen(w)
		stop := w.start()
		w.publish("a", 1, 2, 3, 4, 5)
		time.Sleep(time.Second)
		stop()
		w.heard("a1", "a2", "a3", "a4", "a5")
		w.written = restored(w, "a", 3)
		fail.Store(1)
		defer w.start()()
		w.publish("a", 6)
		time.Sleep(10 * time.Second)
		w.heard("a6")
		w.bit(headrace.EpochRaised, 1)
		w.bit(headrace.LostFuture, 2)
		if fail.Load() >= 0 {
			w.Error("the broker took everything at once")
		}
		top, err := w.broker.Top(w.Context(), partitionOf("a"))
		if want := (headrace.Position{Epoch: 2, Seq: 4}); err != nil || top.Position != want {
			w.Errorf("the stream's top is %s, want %s (%v)", top.Position, want, err)
		}
	})
}

// late is a store whose clock is two seconds behind that of the services.
func late() *memory.Store {
	return memory.NewStore(memory.StoreConfig{Clock: func() time.Time { return time.Now().Add(-2 * time.Second) }})
}

func TestDatabaseWhoseClockIsBehindIsNotAskedAllTheTime(t *testing.T) {
	story(t, func(w *world) {
		w.written = late()
		check := idle(w, "writer.number", 300)
		listen(w)
		defer w.start()()
		err := w.writer.In(w.Context(), func(_ context.Context, tx *headrace.Tx) error {
			return noted.Publish(tx, note{ID: "a", N: 1}, headrace.After(time.Second))
		})
		if err != nil {
			w.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		w.heard("a1")
		check()
	})
}

func TestParkedEventsAndADatabaseWhoseClockIsBehind(t *testing.T) {
	story(t, func(w *world) {
		var cured atomic.Bool
		w.read = late()
		check := idle(w, "reader.due", 300)
		w.on(poison(w, 1, &cured), headrace.Retry{Quick: 1, Min: time.Second, Max: time.Second})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(100 * time.Millisecond)
		w.parked(retrying)
		cured.Store(true)
		time.Sleep(5 * time.Second)
		w.heard("a1")
		check()
	})
}
