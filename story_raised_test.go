package headrace_test

import (
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

// Somebody raises the top of a stream far beyond the next event and takes away what raised it, so that no reader ever meets it.
func TestTopThatWasRaisedWithoutATrace(t *testing.T) {
	story(t, func(w *world) {
		w.bound = 100
		listen(w)
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Second)
		p := partitionOf("a")
		high := driver.Position{Epoch: 1_700_000_000_000}
		w.broker.Inject(p, high, []byte("garbage"))
		w.broker.Drop(p, high)
		w.publish("a", 2)
		time.Sleep(10*time.Second + 123*time.Millisecond) // not when an idle read ends
		w.heard("a1", "a2")
		if top, err := w.broker.Top(t.Context(), p); err != nil || top.Position != (driver.Position{Epoch: 1, Seq: 2}) {
			t.Errorf("the stream's top is %s, %v: want that of the last event", top.Position, err)
		}
		w.bit(headrace.Reappended, 1)
		fromHistory := w.count(headrace.HistoryRead)
		w.publish("a", 3)
		time.Sleep(time.Second)
		w.heard("a3")
		w.bit(headrace.HistoryRead, fromHistory)
	})
}
