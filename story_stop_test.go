package headrace_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
)

// slow makes the reader take its time with every event. It says when it begins and when it ends.
func slow(w *world, took time.Duration, deaf bool) {
	w.on(func(ctx context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
		w.say("begin %s%d", e.Key, e.Data.N)
		wake := ctx.Done()
		if deaf {
			wake = nil
		}
		select {
		case <-time.After(took):
		case <-wake:
			return ctx.Err()
		}
		w.say("end %s%d", e.Key, e.Data.N)
		return nil
	})
}

func TestStopFinishesWhatRunsAndGivesLeasesBack(t *testing.T) {
	story(t, func(w *world) {
		slow(w, 5*time.Second, false)
		w.start()()
		w.publish("a", 1, 2, 3)
		stop := w.start()
		time.Sleep(2 * time.Second)
		before := time.Now()
		stop()
		if took := time.Since(before); took > 4*time.Second {
			w.Errorf("the stop took %s: want what was left of one handler's 5 s", took)
		}
		w.heard("begin a1", "end a1")
		w.nothingHeld(w.written)
		w.nothingHeld(w.read)
		defer w.start()()
		time.Sleep(time.Minute)
		w.heard("begin a2", "end a2", "begin a3", "end a3")
		w.bit(headrace.LeaseDirty, 0)
	})
}

func TestStopEndsHandlersAtTheDeadline(t *testing.T) {
	for name, deaf := range map[string]bool{"that listen": false, "that do not listen": true} {
		t.Run(name, func(t *testing.T) {
			story(t, func(w *world) {
				w.drain = 2 * time.Second
				slow(w, 25*time.Second, deaf)
				stop := w.start()
				w.publish("a", 1)
				time.Sleep(time.Second)
				before := time.Now()
				stop()
				if took := time.Since(before); !deaf && took > 3*time.Second {
					w.Errorf("the stop took %s, want 2 s", took)
				}
				w.nothingHeld(w.written)
				w.nothingHeld(w.read)
				w.heardLast()
				slow(w, time.Second, false)
				defer w.start()()
				time.Sleep(10 * time.Second)
				w.heard("begin a1", "end a1")
				w.parked()
			})
		})
	}
}

func TestStopDuringAPause(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error { return headrace.Unavailable(errDown) })
		stop := w.start()
		w.publish("a", 1)
		time.Sleep(time.Minute)
		before := time.Now()
		stop()
		if took := time.Since(before); took > time.Second {
			w.Errorf("the stop took %s", took)
		}
		w.nothingHeld(w.read)
		w.parked()
		listen(w)
		defer w.start()()
		time.Sleep(time.Second)
		w.heard("a1")
	})
}

func TestLeasesAreGivenBackAtTheSecondTry(t *testing.T) {
	story(t, func(w *world) {
		var refuse atomic.Int32
		w.faults.before = func(op string) error {
			if op == "reader.release" && refuse.Add(-1) >= 0 {
				return errDown
			}
			return nil
		}
		listen(w)
		stop := w.start()
		time.Sleep(time.Second)
		refuse.Store(1)
		stop()
		w.nothingHeld(w.read)
		if refuse.Load() >= 0 {
			w.Error("giving back was never refused")
		}
	})
}

func TestLeasesTakenDuringAStopAreGivenBack(t *testing.T) {
	story(t, func(w *world) {
		w.faults.after = func(op string) error {
			if op == "reader.acquire" {
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		}
		listen(w)
		stop := w.start()
		time.Sleep(250 * time.Millisecond)
		stop()
		w.nothingHeld(w.read)
	})
}
