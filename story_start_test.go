package headrace_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
)

func TestNewGroupBeginsWhereItSays(t *testing.T) {
	for name, c := range map[string]struct {
		from headrace.Start
		want []string
	}{
		"beginning": {headrace.Beginning, []string{"a1", "a2", "a3"}},
		"now":       {headrace.Now, []string{"a3"}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(w *world) {
				w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
				stop := w.run(w.writer)
				w.publish("a", 1, 2)
				time.Sleep(time.Second)
				stop()
				listen(w)
				w.options = []headrace.HandlerOption{headrace.From(c.from)}
				stop = w.start()
				w.publish("a", 3) // at once: the group is ready
				time.Sleep(5 * time.Second)
				w.heard(c.want...)
				stop()
				w.publish("a", 4) // while it is not there
				defer w.start()()
				time.Sleep(5 * time.Second)
				w.heard("a4")
			})
		})
	}
}

// TestNewGroupThatBeginsNowWithoutTheOwner is a process of its own that can only ask the stream what now is.
func TestNewGroupThatBeginsNowWithoutTheOwner(t *testing.T) {
	story(t, func(w *world) {
		w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		stop := w.run(w.writer)
		w.publish("a", 1, 2)
		time.Sleep(time.Second)
		listen(w)
		w.options = []headrace.HandlerOption{headrace.From(headrace.Now)}
		stop()
		stop = w.apart()
		w.publish("a", 3)
		time.Sleep(5 * time.Second)
		w.heard("a3")
		stop()
		w.publish("a", 4)
		defer w.apart()()
		time.Sleep(5 * time.Second)
		w.heard("a4")
	})
}

func TestStoreThatIsDownForAMinute(t *testing.T) {
	for _, name := range []string{"reader", "writer"} {
		t.Run(name, func(t *testing.T) {
			story(t, func(w *world) {
				var down atomic.Bool
				var calls atomic.Int64
				w.faults.before = func(op string) error {
					if down.Load() && strings.HasPrefix(op, name+".") {
						if calls.Add(1) > 100_000 {
							time.Sleep(time.Second)
						}
						return errDown
					}
					return nil
				}
				listen(w)
				defer w.start()()
				client := headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
				publishNote(w.T, client, "a", 1)
				time.Sleep(2 * time.Second)
				w.heard("a1")
				down.Store(true)
				publishNote(w.T, client, "a", 2)
				time.Sleep(time.Minute)
				w.heard()
				down.Store(false)
				time.Sleep(5 * time.Second)
				w.heard("a2")
				publishNote(w.T, client, "a", 3)
				time.Sleep(2 * time.Second)
				w.heard("a3")
				w.parked()
				if n := calls.Load(); n < 20 || n > 1000 {
					w.Errorf("the store was asked %d times while it was down", n)
				}
			})
		})
	}
}

func TestAnIdleSystemIsQuiet(t *testing.T) {
	story(t, func(w *world) {
		var calls atomic.Int64
		w.faults.before = func(string) error {
			calls.Add(1)
			return nil
		}
		listen(w)
		defer w.start()()
		time.Sleep(time.Minute)
		before := calls.Load()
		time.Sleep(time.Minute)
		if n := (calls.Load() - before) / 60; n > 8 {
			w.Errorf("%d operations a second while nothing happens", n)
		}
	})
}

func TestTwoProcessesOnTheSameStores(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error { return nil })
		_, stop := w.process()
		defer stop()
		_, stopOther := w.process()
		defer stopOther()
		for n := range 200 {
			for _, key := range oneInEach {
				w.publish(key, n)
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		w.bit(headrace.Applied, 800)
		w.bit(headrace.Fenced, 0)
		w.parked()
	})
}
