package headrace_test

import (
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

func TestRestoredJournalIsFoundByItsStream(t *testing.T) {
	story(t, func(w *world) {
		listen(w)
		stop := w.start()
		w.publish("a", 1, 2)
		time.Sleep(time.Second)
		stop()
		w.written = restored(w, "a", 1)
		w.read = memory.NewStore(memory.StoreConfig{}) // nobody has a cursor
		w.heard("a1", "a2")
		defer w.start()()
		w.publish("a", 3)
		time.Sleep(5 * time.Second)
		w.heard("a1", "a3")
		w.bit(headrace.EpochRaised, 1)
		w.bit(headrace.LostFuture, 0)
	})
}

func TestRestoredJournalIsFoundByItsCursors(t *testing.T) {
	story(t, func(w *world) {
		listen(w)
		stop := w.start()
		w.publish("a", 1, 2, 3)
		time.Sleep(time.Second)
		stop()
		w.heard("a1", "a2", "a3")
		w.written = restored(w, "a", 1)
		w.broker = memory.NewBroker(memory.BrokerConfig{}) // the stream has forgotten everything
		w.publish("a", 4)                                  // it waits in the outbox and must not become 1-2
		defer w.start()()
		time.Sleep(5 * time.Second)
		w.heard("a4")
		w.bit(headrace.EpochRaised, 1)
		w.bit(headrace.LostFuture, 2)
	})
}

func TestGroupThatIsBehindARestoredJournalFinishesTheOldEpoch(t *testing.T) {
	story(t, func(w *world) {
		listen(w)
		stop := w.start()
		w.publish("a", 1)
		time.Sleep(time.Second)
		stop()
		w.heard("a1")
		w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		stop = w.run(w.writer)
		w.publish("a", 2, 3, 4, 5) // nobody listens
		time.Sleep(time.Second)
		stop()
		w.written = restored(w, "a", 3)
		defer w.start()()
		w.publish("a", 6)
		time.Sleep(5 * time.Second)
		w.heard("a2", "a3", "a6")
		w.bit(headrace.EpochRaised, 1)
		w.bit(headrace.LostFuture, 0)
	})
}

func TestCursorThatNoJournalExplainsStopsLoudly(t *testing.T) {
	story(t, func(w *world) {
		check := idle(w, "writer.journal", 1000)
		listen(w)
		stop := w.start()
		w.publish("a", 1, 2, 3)
		time.Sleep(time.Second)
		stop()
		w.heard("a1", "a2", "a3")
		w.written = restored(w, "a", 1)
		stop = w.start() // epoch 2 begins after 1
		w.publish("a", 4)
		time.Sleep(time.Second)
		stop()
		w.heard("a4")
		w.written = restored(w, "a", 3) // a newer backup, which knows nothing of epoch 2
		defer w.start()()
		time.Sleep(time.Minute)
		w.publish("a", 5)
		w.publish("b", 1)
		time.Sleep(time.Minute)
		w.heard("b1")
		w.bit(headrace.Stalled, 1)
		check()
	})
}
