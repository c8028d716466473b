package headrace_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
)

// While a broker is down, history serves everything, and at its own pace: the pauses between two attempts to reach the broker are not
// pauses between two pages.
func TestHistoryServesAnOutageAtItsOwnPace(t *testing.T) {
	story(t, func(w *world) {
		var down atomic.Bool
		w.faults.before = func(op string) error {
			if down.Load() && strings.HasPrefix(op, "broker.") {
				return errDown
			}
			return nil
		}
		listen(w)
		defer w.start()()
		time.Sleep(time.Second)
		down.Store(true)
		time.Sleep(10 * time.Second) // until the attempts are far apart
		const count = 20 * 256
		for n := range count {
			w.publish("a", n)
		}
		time.Sleep(5 * time.Second)
		if n := w.count(headrace.Applied); n != count {
			t.Errorf("after five seconds %d of %d events are applied", n, count)
		}
		if w.count(headrace.AppendFailed) == 0 {
			t.Error("the broker was never missed")
		}
	})
}
