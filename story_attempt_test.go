package headrace_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

// TestEventWhoseTransactionCannotCommit is about what only the end of a transaction tells: a deferred constraint, or a statement whose
// failure the handler did not look at.
func TestEventWhoseTransactionCannotCommit(t *testing.T) {
	for _, at := range []string{"reader.commit", "reader.advance"} {
		t.Run(at, func(t *testing.T) {
			story(t, func(w *world) {
				var broken atomic.Bool
				w.faults.before = func(op string) error {
					if op == "reader.begin" {
						broken.Store(false)
					}
					if (op == at || op == "reader.commit") && broken.Load() {
						return errors.New("constraint violated")
					}
					return nil
				}
				w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
					if e.Data.N == 2 {
						broken.Store(true)
						return nil
					}
					w.say("%s%d", e.Key, e.Data.N)
					return nil
				}, headrace.Retry{Attempts: 3, Max: time.Second})
				w.start()()
				w.publish("a", 1, 2, 3)
				w.publish("b", 1)
				defer w.start()()
				time.Sleep(10 * time.Second)
				for _, e := range w.parked(dead, waiting) {
					if e.State == dead && (e.Attempts != 3 || !strings.Contains(e.Error, "constraint violated")) {
						w.Errorf("dead after %d attempts, %q", e.Attempts, e.Error)
					}
				}
				w.mu.Lock()
				said := fmt.Sprint(w.transcribed)
				w.mu.Unlock()
				for _, want := range []string{"a1", "b1"} {
					if !strings.Contains(said, want) {
						w.Errorf("%s was not applied: heard %s", want, said)
					}
				}
			})
		})
	}
}

func TestParkingWhoseOutcomeIsUnknownHoldsItsKey(t *testing.T) {
	story(t, func(w *world) {
		var cured, armed, bit atomic.Bool
		w.faults.after = func(op string) error {
			switch {
			case op == "reader.park":
				armed.Store(true)
			case op == "reader.commit" && armed.Load() && !bit.Swap(true):
				return driver.ErrUnknownOutcome
			}
			return nil
		}
		w.on(poison(w, 1, &cured), headrace.Retry{Attempts: 9, Quick: 1, Min: 10 * time.Second, Max: 10 * time.Second})
		defer w.start()()
		time.Sleep(5 * time.Second)
		w.publish("a", 1, 2)
		time.Sleep(time.Second)
		if !bit.Load() {
			w.Error("no outcome was unknown")
		}
		cured.Store(true)
		time.Sleep(time.Hour)
		w.heard("a1", "a2")
	})
}

func TestTroubleOfTheDatabaseIsNoAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		op  string
		err error
	}{
		"conflicts":       {"reader.commit", driver.ErrConflict},
		"unknown outcome": {"reader.commit", driver.ErrUnknownOutcome},
		"no connection":   {"reader.begin", errDown},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(w *world) {
				var cured atomic.Bool
				var trouble atomic.Int32
				w.faults.before = func(op string) error {
					if op == c.op && trouble.Add(-1) >= 0 {
						return c.err
					}
					return nil
				}
				w.on(poison(w, 1, &cured), headrace.Retry{Attempts: 9, Quick: 1, Min: 10 * time.Second, Max: 10 * time.Second})
				defer w.start()()
				w.publish("a", 1)
				time.Sleep(10 * time.Millisecond)
				attempts := w.parked(retrying)[0].Attempts
				cured.Store(true)
				trouble.Store(7)
				time.Sleep(time.Minute)
				w.heardLast("a1")
				w.parked()
				w.bit(headrace.Died, 0)
				if n := trouble.Load(); n >= 0 || attempts < 1 || attempts > 3 { // a wait is random: more than one may have passed
					w.Errorf("%d troubles are left, %d attempts", n, attempts)
				}
			})
		})
	}
}

func TestTroubleOfTheDatabaseAfterADeathIsNoAnswer(t *testing.T) {
	story(t, func(w *world) {
		var trouble atomic.Int32
		w.faults.before = func(op string) error {
			if op == "reader.begin" && trouble.Add(-1) >= 0 {
				return errDown
			}
			return nil
		}
		listen(w)
		w.start()()
		w.publish("a", 1)
		_, ok, err := w.read.Acquire(w.Context(), "reader", partitionOf("a"), "a member that died", time.Second)
		if !ok || err != nil {
			w.Fatal(ok, err)
		}
		time.Sleep(2 * time.Second)
		trouble.Store(7)
		defer w.start()()
		time.Sleep(time.Minute)
		w.heard("a1")
		w.parked()
		w.bit(headrace.LeaseDirty, 1)
		w.bit(headrace.Died, 0)
		if n := trouble.Load(); n >= 0 {
			w.Errorf("%d troubles are left", n)
		}
	})
}

func TestWhatHandlersSayCanBeStoredAnywhere(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error {
			return headrace.Permanent(errors.New("zero \x00, no text \xff, and much: " + strings.Repeat("long", 100_000)))
		})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Second)
		e := w.parked(dead)[0]
		if strings.ContainsRune(e.Error, 0) || !utf8.ValidString(e.Error) || len(e.Error) > 1<<16 || !strings.HasPrefix(e.Error, "zero ") {
			w.Errorf("stored %d bytes: %.40q", len(e.Error), e.Error)
		}
	})
}

func TestSignalsCountEachEventOnce(t *testing.T) {
	story(t, func(w *world) {
		var cured atomic.Bool
		w.on(poison(w, 2, &cured), headrace.Retry{Attempts: 1})
		w.start()()
		w.publish("a", 1, 2, 3, 4)
		w.publish("b", 1)
		defer w.start()()
		time.Sleep(10 * time.Second)
		w.bit(headrace.Applied, 2)
		w.bit(headrace.ParkedEvents, 3)
		w.bit(headrace.Died, 1)
		cured.Store(true)
		if _, err := w.reader.Redrive(w.Context(), headrace.ParkedFilter{}); err != nil {
			w.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		w.bit(headrace.Applied, 2)
		w.bit(headrace.Released, 3)
	})
}
