package drivertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
)

// patience is how long a case may take: what has not happened by then never will.
const patience = 30 * time.Second

// soon is how long a read waits for what is there already.
const soon = 5 * time.Second

// moment is how long a call is watched that must not return yet.
const moment = 40 * time.Millisecond

// world is what every case works in: a context that ends with the case, and a list of the goroutines that must end with it.
type world struct {
	testing.TB
	ctx     context.Context
	running sync.WaitGroup
}

func newWorld(t testing.TB) *world {
	w := &world{TB: t}
	var cancel context.CancelFunc
	w.ctx, cancel = context.WithTimeout(t.Context(), patience)
	t.Cleanup(func() {
		cancel()
		w.running.Wait()
	})
	return w
}

// must ends the case if err is an error; what says what was tried.
func (w *world) must(err error, what string) {
	w.Helper()
	if err != nil {
		w.Fatalf("%s: %v", what, err)
	}
}

// wantError ends the case unless err is the wanted error.
func (w *world) wantError(err, want error, what string) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("%s: error is %v; want one that is %q", what, err, want)
	}
}

// same reports a difference between two lists.
func (w *world) same(got, want []string, what string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Fatalf("%s:\n got %s\nwant %s", what, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// equal reports a difference between two values.
func equal[T comparable](w *world, got, want T, what string) {
	w.Helper()
	if got != want {
		w.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// call is a function that runs beside the case.
type call[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// beside runs a function beside the case. It must end when the case's context does.
func beside[T any](w *world, f func() (T, error)) *call[T] {
	c := &call[T]{done: make(chan struct{})}
	w.running.Go(func() {
		defer close(c.done)
		c.value, c.err = f()
	})
	return c
}

// wait returns what the function returned.
func (c *call[T]) wait(w *world, what string) (T, error) {
	w.Helper()
	select {
	case <-c.done:
	case <-w.ctx.Done():
		w.Fatalf("%s: did not return", what)
	}
	return c.value, c.err
}

// each runs n functions beside each other and waits for all of them. It ends the case with their first error.
func (w *world) each(n int, what string, f func(i int) error) {
	w.Helper()
	calls := make([]*call[struct{}], n)
	for i := range calls {
		calls[i] = beside(w, func() (struct{}, error) { return struct{}{}, f(i) })
	}
	for _, c := range calls {
		_, err := c.wait(w, what)
		w.must(err, what)
	}
}

// briefly is a context for a call that is not expected to return by itself.
func (w *world) briefly() context.Context {
	ctx, cancel := context.WithTimeout(w.ctx, moment)
	w.Cleanup(cancel)
	return ctx
}

// ended is a context that has ended already.
func (w *world) ended() context.Context {
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	return ctx
}

// at is a position in the first epoch.
func at(seq uint64) driver.Position { return driver.Position{Epoch: 1, Seq: seq} }

// show is an entry as cases compare it.
func show(e driver.Entry) string { return e.Position.String() + " " + string(e.Data) }

func showEntries(entries []driver.Entry) []string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = show(e)
	}
	return list
}

// rising reports whether the entries are in strictly rising order of position.
func rising(entries []driver.Entry) bool {
	for i := 1; i < len(entries); i++ {
		if !entries[i].Position.After(entries[i-1].Position) {
			return false
		}
	}
	return true
}
