package headrace_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

// startWriter and startReader run services in processes of their own, which share the broker and live.
func (w *world) startWriter() (stop func()) {
	w.Helper()
	w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.store("writer", w.written), Owns: []headrace.Topic{notes}})
	return w.run(w.writer)
}

func (w *world) startReader() (stop func()) {
	w.Helper()
	w.reader = headrace.NewService(headrace.ServiceConfig{
		Name: "reader", Store: w.store("reader", w.read), Handlers: []headrace.Handler{headrace.On(noted, w.handle, w.options...)},
	})
	return w.run(w.reader)
}

func TestHistoryOfAnOwnerElsewhere(t *testing.T) {
	story(t, func(w *world) {
		w.live = memory.NewLive()
		listen(w)
		defer w.startWriter()()
		w.publish("a", 1, 2, 3)
		time.Sleep(10 * time.Second)
		w.broker.Flush()
		w.publish("a", 4)
		time.Sleep(10 * time.Second)
		defer w.startReader()()
		time.Sleep(5 * time.Second)
		w.heard("a1", "a2", "a3", "a4")
		if w.count(headrace.HistoryRead) < 3 {
			w.Errorf("%d entries were read from history: want the three that the stream has lost", w.count(headrace.HistoryRead))
		}
	})
}

// TestTheLastEventIsMissedOfAnOwnerElsewhere loses an event that nothing follows: only a look at the owner's heads tells.
func TestTheLastEventIsMissedOfAnOwnerElsewhere(t *testing.T) {
	story(t, func(w *world) {
		w.live = memory.NewLive()
		var down atomic.Bool
		w.faults.before = func(op string) error {
			if op == "broker.read" && down.Load() {
				return errDown
			}
			return nil
		}
		listen(w)
		defer w.startWriter()()
		defer w.startReader()()
		time.Sleep(10 * time.Second)
		down.Store(true)
		time.Sleep(time.Second)
		w.publish("a", 1)
		time.Sleep(10 * time.Millisecond)
		if !w.broker.Drop(partitionOf("a"), headrace.Position{Epoch: 1, Seq: 1}) {
			w.Fatal("the event is not on the stream")
		}
		down.Store(false)
		time.Sleep(10 * time.Second)
		w.heard("a1")
		w.bit(headrace.HistoryRead, 1)
	})
}

// TestAnOwnerElsewhereThatIsAway has a gap while nobody can be asked: the partition waits, and goes on when the owner is back.
func TestAnOwnerElsewhereThatIsAway(t *testing.T) {
	story(t, func(w *world) {
		w.live = memory.NewLive()
		listen(w)
		stopWriter := w.startWriter()
		defer w.startReader()()
		time.Sleep(10 * time.Second)
		w.publish("a", 1, 2)
		stopWriter()
		w.broker.Flush()
		time.Sleep(time.Minute)
		defer w.startWriter()()
		time.Sleep(10 * time.Second)
		w.heard("a1", "a2")
	})
}

// TestARestoredJournalElsewhere has a group that is further than the owner's journal, and a stream that says nothing of it.
func TestARestoredJournalElsewhere(t *testing.T) {
	story(t, func(w *world) {
		w.live = memory.NewLive()
		listen(w)
		stopWriter := w.startWriter()
		defer w.startReader()()
		time.Sleep(10 * time.Second)
		w.publish("a", 1, 2, 3)
		time.Sleep(10 * time.Second)
		w.heard("a1", "a2", "a3")
		stopWriter()
		w.broker.Flush()
		w.written = memory.NewStore(memory.StoreConfig{}) // restored to a state in which nothing was published yet
		defer w.startWriter()()
		time.Sleep(10 * time.Second)
		if w.count(headrace.EpochRaised) != 1 {
			w.Errorf("the epoch was raised %d times, want once", w.count(headrace.EpochRaised))
		}
		w.publish("a", 4)
		time.Sleep(10 * time.Second)
		w.heard("a4")
	})
}

// TestAProcessThatOnlyPublishes opens transactions of a service that runs elsewhere: the relay there hears of them at once.
func TestAProcessThatOnlyPublishes(t *testing.T) {
	story(t, func(w *world) {
		w.live = memory.NewLive()
		listen(w)
		defer w.startWriter()()
		defer w.startReader()()
		door := headrace.NewService(headrace.ServiceConfig{
			Name: "writer", Store: w.store("writer", w.written), Owns: []headrace.Topic{notes}, PublishOnly: true,
			Handlers: []headrace.Handler{headrace.On(noted, func(context.Context, *headrace.Tx, headrace.Event[note]) error {
				w.Error("a process that only publishes handled an event")
				return nil
			})},
		})
		stopDoor := w.run(door)
		defer stopDoor()
		time.Sleep(10 * time.Second)
		publishNote(w.T, door, "a", 1)
		time.Sleep(5 * time.Millisecond)
		w.heard("a1")
		if _, members := w.held(w.written); len(members) != 1 {
			w.Errorf("members of the writer are %v, want one", members)
		}
	})
}

// TestWhatIsKnownOfAnOwnerElsewhereMayBeOld has a cursor that is always ahead of what was last heard of the owner's heads. That proves nothing,
// and nothing is read from history for it.
func TestWhatIsKnownOfAnOwnerElsewhereMayBeOld(t *testing.T) {
	story(t, func(w *world) {
		w.live = memory.NewLive()
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error { return nil })
		defer w.startWriter()()
		defer w.startReader()()
		for n := range 100 {
			time.Sleep(700 * time.Millisecond)
			w.publish("a", n)
		}
		time.Sleep(10 * time.Second)
		w.bit(headrace.Applied, 100)
		w.bit(headrace.HistoryRead, 0)
		w.bit(headrace.Paused, 0)
	})
}
