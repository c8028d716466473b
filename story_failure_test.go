package headrace_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

const (
	retrying = driver.Retrying
	waiting  = driver.Waiting
	dead     = driver.Dead
)

// poison returns a handler that refuses the given number until cured, and says what it applied.
func poison(w *world, number int, cured *atomic.Bool) func(context.Context, *headrace.Tx, headrace.Event[note]) error {
	return func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
		if e.Data.N == number && !cured.Load() {
			return errors.New("poison")
		}
		w.say("%s%d", e.Key, e.Data.N)
		return nil
	}
}

func fail(err error) func() error { return func() error { return err } }

func TestAFailedEventIsParkedAndItsKeyWaits(t *testing.T) {
	story(t, func(w *world) {
		var cured atomic.Bool
		w.on(poison(w, 1, &cured), headrace.Retry{Attempts: 5, Quick: 1, Min: time.Minute, Max: time.Minute})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Second)
		w.publish("a", 2, 3)
		w.publish("b", 7)
		time.Sleep(time.Second)
		w.heard("b7")
		w.parked(retrying, waiting, waiting)
		cured.Store(true)
		time.Sleep(2 * time.Minute)
		w.heard("a1", "a2", "a3")
		w.parked()
	})
}

func TestOutOfAttemptsIsDeadAndRedriveRunsInOrder(t *testing.T) {
	story(t, func(w *world) {
		var cured atomic.Bool
		w.on(poison(w, 1, &cured), headrace.Retry{Attempts: 4})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Minute)
		w.publish("a", 2)
		time.Sleep(time.Hour)
		events := w.parked(dead, waiting)
		if e := events[0]; e.Attempts != 4 || e.Error != "poison" || e.Reason != "out of attempts" || e.Handler != "notes/note.taken" {
			w.Errorf("dead event says %d attempts, %q, %q, %q", e.Attempts, e.Error, e.Reason, e.Handler)
		}
		w.heard()
		cured.Store(true)
		if n, err := w.reader.Redrive(w.Context(), headrace.ParkedFilter{Key: "a"}); n != 1 || err != nil {
			w.Errorf("redrive: %d, %v", n, err)
		}
		time.Sleep(3 * time.Second)
		w.heard("a1", "a2")
		w.parked()
	})
}

func TestDiscardLetsTheKeyGoOn(t *testing.T) {
	story(t, func(w *world) {
		var cured atomic.Bool
		w.on(poison(w, 1, &cured), headrace.Retry{Attempts: 1})
		defer w.start()()
		w.publish("a", 1, 2)
		time.Sleep(time.Second)
		w.parked(dead, waiting)
		if n, err := w.reader.Discard(w.Context(), headrace.ParkedFilter{}); n != 1 || err != nil {
			w.Errorf("discard: %d, %v", n, err)
		}
		time.Sleep(3 * time.Second)
		w.heard("a2")
		w.parked()
		w.bit(headrace.Discarded, 1)
	})
}

func TestSkipKeyLetsLaterEventsGoOn(t *testing.T) {
	story(t, func(w *world) {
		var cured atomic.Bool
		w.on(poison(w, 1, &cured), headrace.Retry{Attempts: 3, AfterDead: headrace.SkipKey})
		defer w.start()()
		w.publish("a", 1, 2, 3)
		time.Sleep(time.Hour)
		w.heard("a2", "a3")
		w.parked(dead)
		cured.Store(true)
		w.publish("a", 4)
		if _, err := w.reader.Redrive(w.Context(), headrace.ParkedFilter{}); err != nil {
			w.Error(err)
		}
		time.Sleep(5 * time.Second)
		w.parked()
	})
}

func TestPermanentIsDeadAtOnce(t *testing.T) {
	story(t, func(w *world) {
		var calls atomic.Int64
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error {
			calls.Add(1)
			return headrace.Permanent(errors.New("no such account"))
		})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Second)
		if e := w.parked(dead)[0]; calls.Load() != 1 || e.Reason != "permanent" || e.Error != "no such account" {
			w.Errorf("%d calls, reason %q, error %q", calls.Load(), e.Reason, e.Error)
		}
	})
}

func TestAttemptsAreCountedExactly(t *testing.T) {
	for _, attempts := range []int{1, 2, 3, 7} {
		t.Run("", func(t *testing.T) {
			story(t, func(w *world) {
				var calls atomic.Int64
				w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error {
					calls.Add(1)
					return errors.New("poison")
				}, headrace.Retry{Attempts: attempts})
				defer w.start()()
				w.publish("a", 1)
				time.Sleep(time.Hour)
				w.parked(dead)
				if int(calls.Load()) != attempts {
					w.Errorf("handler was called %d times, want %d", calls.Load(), attempts)
				}
			})
		})
	}
}

func TestAPanicIsAFailedAttemptWithAStack(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error { panic("bug in a handler") }, headrace.Retry{Attempts: 2})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Second)
		e := w.parked(dead)[0]
		if want := "panic: bug in a handler\n"; len(e.Error) < 200 || e.Error[:len(want)] != want {
			w.Errorf("error is %q, want a panic with a stack", e.Error)
		}
	})
}

func TestUnavailablePausesAndBurnsNoAttempt(t *testing.T) {
	story(t, func(w *world) {
		var down atomic.Bool
		var calls atomic.Int64
		down.Store(true)
		w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			calls.Add(1)
			if down.Load() {
				return headrace.Unavailable(errors.New("provider is down"))
			}
			w.say("%s%d", e.Key, e.Data.N)
			return nil
		}, headrace.Retry{Attempts: 2})
		defer w.start()()
		w.publish("a", 1, 2, 3)
		time.Sleep(10 * time.Minute)
		w.parked()
		w.heard()
		if n := calls.Load(); n < 50 || n > 1000 {
			w.Errorf("%d calls in ten minutes: neither busy nor asleep is between 50 and 1000", n)
		}
		down.Store(false)
		time.Sleep(20 * time.Second)
		w.heard("a1", "a2", "a3")
		w.parked()
	})
}

func TestAnUnavailableHeadOfAQueueKeepsItsAttempts(t *testing.T) {
	story(t, func(w *world) {
		var answer atomic.Value
		answer.Store(fail(errors.New("poison")))
		w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			err := answer.Load().(func() error)()
			if err == nil {
				w.say("%s%d", e.Key, e.Data.N)
			}
			return err
		}, headrace.Retry{Attempts: 4, Quick: 1, Min: time.Second, Max: time.Second})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(100 * time.Millisecond)
		answer.Store(fail(headrace.Unavailable(errors.New("down"))))
		before := w.parked(retrying)[0].Attempts
		time.Sleep(time.Hour)
		if e := w.parked(retrying)[0]; e.Attempts != before {
			w.Errorf("%d attempts after an hour of being unavailable, %d before", e.Attempts, before)
		}
		answer.Store(fail(nil))
		time.Sleep(20 * time.Second)
		w.heard("a1")
	})
}

func TestAHandlerThatHangsTimesOut(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(ctx context.Context, _ *headrace.Tx, _ headrace.Event[note]) error {
			<-ctx.Done()
			return ctx.Err()
		}, headrace.Timeout(3*time.Second), headrace.Retry{Attempts: 1})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(4 * time.Second)
		if e := w.parked(dead)[0]; e.Error != context.DeadlineExceeded.Error() {
			w.Errorf("error is %q", e.Error)
		}
	})
}
