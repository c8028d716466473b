package headrace_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func TestHandOverToANewMember(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error { return nil })
		defer w.start()()
		var publishing sync.WaitGroup
		publishing.Go(func() {
			for n := range 100 {
				for _, key := range oneInEach {
					w.publish(key, n)
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		time.Sleep(2 * time.Second)
		first := owners(w)
		_, stop := w.process()
		time.Sleep(3 * time.Second)
		if n := owners(w); len(first) != 1 || len(n) != 2 || n[only(first)] != notes.Partitions/2 {
			w.Errorf("3 s after a second member came, partitions are held by %v", n)
		}
		stop()
		time.Sleep(2 * time.Second)
		if n := owners(w); n[only(first)] != notes.Partitions {
			w.Errorf("2 s after it left, partitions are held by %v", n)
		}
		publishing.Wait()
		time.Sleep(time.Second)
		w.bit(headrace.Applied, 100*len(oneInEach))
		w.bit(headrace.LeaseDirty, 0)
		w.bit(headrace.Fenced, 0)
	})
}

// owners counts the reader's partitions by the member that holds them.
func owners(w *world) map[string]int {
	view, err := w.read.Heartbeat(w.Context(), "probe", time.Nanosecond)
	if err != nil {
		w.Fatal(err)
	}
	n := map[string]int{}
	for _, s := range view.Slots {
		if s.Group == "reader" {
			n[s.Owner]++
		}
	}
	return n
}

func only(n map[string]int) string {
	for name := range n {
		return name
	}
	return ""
}

func TestTakeoverFromADeadMember(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			w.say("%s", e.Key)
			return nil
		})
		die, stop := w.process()
		defer stop()
		defer w.start()()
		time.Sleep(10 * time.Second)
		die()
		for _, key := range oneInEach {
			w.publish(key, 1)
		}
		time.Sleep(6*time.Second + 100*time.Millisecond) // a lease, and the time between two looks
		w.mu.Lock()
		if n := len(w.transcribed); n != len(oneInEach) {
			w.Errorf("applied %v", w.transcribed)
		}
		w.mu.Unlock()
		if w.count(headrace.LeaseDirty) < 1 {
			w.Error("nothing was taken from the dead")
		}
	})
}

// mourn runs one process after the other, each until it dies or has nothing to do for a minute, and returns how many died. The handler ends
// its process by calling kill.
func mourn(w *world, kill *atomic.Pointer[func()]) (deaths int) {
	w.Helper()
	for range 30 {
		die, stop := w.process()
		died := make(chan struct{})
		end := sync.OnceFunc(func() {
			die()
			close(died)
		})
		kill.Store(&end)
		select {
		case <-died:
			deaths++
		case <-time.After(time.Minute):
			stop()
			return deaths
		}
		stop()
		w.read.Crash()
		w.written.Crash()
	}
	return deaths
}

func TestEventThatEndsTheProcess(t *testing.T) {
	story(t, func(w *world) {
		var kill atomic.Pointer[func()]
		w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			if e.Data.N == 3 {
				(*kill.Load())()
				return errors.New("nobody hears this")
			}
			w.say("%s%d", e.Key, e.Data.N)
			return nil
		})
		w.start()()
		w.publish("a", 1, 2, 3, 4)
		w.publish("b", 1, 2)
		if deaths := mourn(w, &kill); deaths != 4 {
			w.Errorf("%d processes ended, want one that nobody could expect and three tries", deaths)
		}
		events := w.parked(dead, waiting)
		if len(events) == 2 && (events[0].Reason != "crashed" || events[0].Data == nil) {
			w.Errorf("event %s is dead for %q", events[0].Data, events[0].Reason)
		}
		w.bit(headrace.Applied, 4)
	})
}

func TestEventThatEndsTheProcessWhileItsKeyIsReleased(t *testing.T) {
	story(t, func(w *world) {
		var kill atomic.Pointer[func()]
		var cured atomic.Bool
		w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			switch {
			case !cured.Load():
				return headrace.Permanent(errors.New("poison"))
			case e.Data.N == 7:
				(*kill.Load())()
				return errors.New("nobody hears this")
			}
			w.say("%s%d", e.Key, e.Data.N)
			return nil
		})
		stop := w.start()
		w.publish("a", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
		time.Sleep(time.Second)
		cured.Store(true)
		if _, err := w.reader.Redrive(w.Context(), headrace.ParkedFilter{}); err != nil {
			w.Fatal(err)
		}
		noKill := func() {}
		kill.Store(&noKill)
		stop()
		if deaths := mourn(w, &kill); deaths < 3 || deaths > 4 {
			w.Errorf("%d processes ended, want at most one that nobody could expect and three tries", deaths)
		}
		w.parked(dead, waiting, waiting, waiting)
		w.mu.Lock()
		if said := strings.Join(w.transcribed, " "); !strings.HasSuffix(said, "a6") {
			w.Errorf("heard %s", said)
		}
		w.mu.Unlock()
	})
}

func TestTryThatAStopInterruptedIsRememberedAsDangerous(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error { return headrace.Unavailable(errDown) })
		stop := w.start()
		w.publish("a", 1, 2)
		time.Sleep(time.Second)
		stop()
		listen(w)
		position := headrace.Position{Epoch: 1, Seq: 1}
		l, ok, err := w.read.Acquire(w.Context(), "reader", partitionOf("a"), "a member that stopped", time.Second)
		if !ok || err != nil {
			w.Fatal(ok, err)
		}
		for range 3 {
			if _, err := w.read.Try(w.Context(), "reader", l, position); err != nil {
				w.Fatal(err)
			}
		}
		if err := w.read.Release(w.Context(), "reader", []driver.Lease{l}); err != nil {
			w.Fatal(err)
		}
		defer w.start()()
		time.Sleep(time.Second)
		if e := w.parked(dead, waiting); len(e) > 0 && e[0].Reason != "crashed" {
			w.Errorf("dead for %q", e[0].Reason)
		}
		w.heard()
	})
}

func TestHeartbeatsDoNotWaitForHandlersOfParkedEvents(t *testing.T) {
	story(t, func(w *world) {
		var told atomic.Bool
		w.faults.before = func(op string) error {
			if told.Load() && op == "reader.advance" { // it locks the row that heartbeats need
				w.say("lock")
			}
			return nil
		}
		var cured atomic.Bool
		w.on(poison(w, 1, &cured), headrace.Retry{Attempts: 1})
		defer w.start()()
		w.publish("a", 1)
		time.Sleep(time.Second)
		cured.Store(true)
		told.Store(true)
		if _, err := w.reader.Redrive(w.Context(), headrace.ParkedFilter{}); err != nil {
			w.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		w.heard("a1", "lock")
	})
}

func TestSuspicionOutlivesAnOrderlyStop(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error { return headrace.Unavailable(errDown) })
		die, stop := w.process()
		w.publish("a", 1)
		time.Sleep(time.Second)
		die()
		stop()
		w.read.Crash()
		stop = w.start()
		time.Sleep(time.Second)
		stop() // nobody knows yet what the first process died of
		before := w.count(headrace.LeaseDirty)
		listen(w)
		stop = w.start()
		time.Sleep(time.Second)
		w.bit(headrace.LeaseDirty, before+1)
		w.heard("a1")
		stop()
		defer w.start()()
		time.Sleep(time.Second)
		w.bit(headrace.LeaseDirty, before+1)
	})
}
