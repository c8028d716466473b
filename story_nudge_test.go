package headrace_test

import (
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

// TestPublishingFarFromTheRelay publishes through two instances of the writer, of which only one can be the relay.
func TestPublishingFarFromTheRelay(t *testing.T) {
	for name, c := range map[string]struct {
		live   bool
		within time.Duration
	}{"with live": {true, 5 * time.Millisecond}, "without": {false, 1100 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			story(t, func(w *world) {
				if c.live {
					w.live = memory.NewLive()
				}
				listen(w)
				defer w.start()()
				first := w.writer
				second := headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
				defer w.run(second)()
				time.Sleep(10 * time.Second)
				publishNote(w.T, first, "a", 1)
				time.Sleep(c.within)
				w.heard("a1")
				time.Sleep(10 * time.Second)
				publishNote(w.T, second, "a", 2)
				time.Sleep(c.within)
				w.heard("a2")
			})
		})
	}
}

func TestMoreNudgesThanTheRelayCanHear(t *testing.T) {
	story(t, func(w *world) {
		live := memory.NewLive()
		w.live = live
		listen(w)
		defer w.start()()
		time.Sleep(10 * time.Second)
		for range 1000 {
			if err := live.Publish(w.Context(), "nudge.writer", nil); err != nil {
				w.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		client := headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		publishNote(w.T, client, "a", 1) // nobody in this process is told
		if err := live.Publish(w.Context(), "nudge.writer", nil); err != nil {
			w.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
		w.heard("a1")
	})
}
