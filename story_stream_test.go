package headrace_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

// apart runs the writer and the reader in processes of their own: the reader has the stream alone, and no history.
func (w *world) apart() (stop func()) {
	w.Helper()
	w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
	w.reader = headrace.NewService(headrace.ServiceConfig{
		Name: "reader", Store: w.store("reader", w.read),
		Handlers: []headrace.Handler{headrace.On(noted, w.handle, w.options...)},
	})
	stopWriter, stopReader := w.run(w.writer), w.run(w.reader)
	return func() {
		stopReader()
		stopWriter()
	}
}

func TestStreamAloneIsEnough(t *testing.T) {
	story(t, func(w *world) {
		check := idle(w, "broker.read", 1000)
		listen(w)
		defer w.apart()()
		w.publish("a", 1, 2, 3)
		time.Sleep(time.Minute)
		w.publish("a", 4)
		time.Sleep(time.Second)
		w.heard("a1", "a2", "a3", "a4")
		check()
	})
}

// swallow loses what the next read of the stream has brought.
func swallow(w *world) (arm func()) {
	var armed atomic.Bool
	var full atomic.Bool
	w.faults.after = func(op string) error {
		if op == "broker.read with entries" && armed.Load() && full.CompareAndSwap(false, true) {
			return errDown
		}
		return nil
	}
	return func() { armed.Store(true) }
}

func TestEntriesSwallowedOnTheirWay(t *testing.T) {
	for name, later := range map[string]bool{"and others follow": true, "and none follows": false} {
		t.Run(name, func(t *testing.T) {
			story(t, func(w *world) {
				arm := swallow(w)
				listen(w)
				defer w.apart()()
				w.publish("a", 1)
				time.Sleep(time.Second)
				w.heard("a1")
				arm()
				w.publish("a", 2)
				time.Sleep(time.Second)
				want := []string{"a2"}
				if later {
					w.publish("a", 3)
					want = append(want, "a3")
				}
				time.Sleep(10 * time.Second)
				w.heard(want...)
			})
		})
	}
}

func TestTrimmedStreamWithoutHistoryPausesAndDoesNotSpin(t *testing.T) {
	story(t, func(w *world) {
		w.broker = memory.NewBroker(memory.BrokerConfig{Bound: 3})
		check := idle(w, "broker.read", 2000)
		listen(w)
		w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		stop := w.run(w.writer)
		w.publish("a", 1, 2, 3, 4, 5)
		time.Sleep(time.Second)
		stop()
		stop = w.apart()
		w.publish("b", 1)
		time.Sleep(time.Minute)
		w.heard("b1")
		check()
		stop()
		defer w.start()() // in one process there is history
		time.Sleep(10 * time.Second)
		w.heard("a1", "a2", "a3", "a4", "a5")
	})
}

func TestTrimmedJournalStopsLoudlyAndSkipsNothing(t *testing.T) {
	story(t, func(w *world) {
		w.broker = memory.NewBroker(memory.BrokerConfig{Bound: 2})
		check := idle(w, "broker.read", 1000)
		listen(w)
		w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		stop := w.run(w.writer)
		w.publish("a", 1, 2, 3, 4, 5)
		time.Sleep(time.Second)
		stop()
		if n, err := w.written.TrimJournal(w.Context(), partitionOf("a"), headrace.Position{Epoch: 1, Seq: 2}); n != 2 || err != nil {
			w.Fatalf("trimmed %d, %v", n, err)
		}
		defer w.start()()
		w.publish("b", 1)
		time.Sleep(time.Minute)
		w.publish("a", 6)
		w.publish("b", 2)
		time.Sleep(time.Second)
		w.heard("b1", "b2")
		w.bit(headrace.Stalled, 1)
		check()
	})
}

func TestReaderThatStartsWhileTheBrokerIsDown(t *testing.T) {
	story(t, func(w *world) {
		var down atomic.Bool
		down.Store(true)
		w.faults.before = func(op string) error {
			if down.Load() && (op == "broker.reader" || op == "broker.seek" || op == "broker.read") {
				return errDown
			}
			return nil
		}
		check := idle(w, "broker.reader", 100)
		listen(w)
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(10 * time.Second)
		w.heard("a1")
		w.publish("a", 2)
		time.Sleep(10 * time.Second)
		w.heard("a2")
		down.Store(false)
		time.Sleep(10 * time.Second)
		w.publish("a", 3)
		time.Sleep(10 * time.Millisecond)
		w.heard("a3")
		check()
	})
}

// TestStreamThatForgetsItsGroup is a broker whose readers have to be made again after it was restarted.
func TestStreamThatForgetsItsGroup(t *testing.T) {
	story(t, func(w *world) {
		var readers, current atomic.Int64
		w.faults.before = func(op string) error {
			switch {
			case op == "broker.reader":
				current.Store(readers.Add(1))
			case op == "broker.read" && current.Load() < 0:
				return errDown
			}
			return nil
		}
		listen(w)
		defer w.apart()()
		w.publish("a", 1)
		time.Sleep(time.Second)
		current.Store(-1)
		time.Sleep(time.Second)
		w.publish("a", 2)
		time.Sleep(10 * time.Second)
		w.heard("a1", "a2")
		if readers.Load() < 2 {
			w.Error("no reader was made again")
		}
	})
}

func TestHeadsAreAskedForOncePerLook(t *testing.T) {
	story(t, func(w *world) {
		var asked atomic.Int64
		w.faults.before = func(op string) error {
			switch op {
			case "writer.heads":
				asked.Add(1)
			case "writer.heartbeat": // start's writer is never the relay
				return errDown
			}
			return nil
		}
		listen(w)
		other := headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		defer w.run(other)()
		defer w.start()()
		time.Sleep(time.Second)
		w.publish("a", 1)
		time.Sleep(time.Minute)
		w.heard("a1")
		if n := asked.Load(); n < 50 || n > 150 {
			w.Errorf("asked for heads %d times in a minute, want about two a second", n)
		}
	})
}
