package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/headrace/headrace/driver"
)

// AtOnce calls a function n times at the same moment, and returns what each call returned.
func AtOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			<-begin
			errs[i] = fn(i)
		})
	}
	close(begin)
	running.Wait()
	return errs
}

// Together calls a function n times at the same moment, none of which may fail.
func Together(t testing.TB, n int, fn func(i int) error) {
	t.Helper()
	for _, err := range AtOnce(n, fn) {
		if err != nil {
			t.Error(err)
		}
	}
}

// Watched is a store that counts how often the database gave up on a statement of the service because of others.
type Watched struct {
	driver.Store

	conflicts atomic.Int64
}

// Watch watches a store.
func Watch(s driver.Store) *Watched { return &Watched{Store: s} }

// Conflict implements [driver.ConflictChecker].
func (w *Watched) Conflict(err error) bool {
	checker, ok := w.Store.(driver.ConflictChecker)
	conflict := ok && checker.Conflict(err)
	if conflict {
		w.conflicts.Add(1)
	}
	return conflict
}

// Conflicts is how often that was.
func (w *Watched) Conflicts() int64 { return w.conflicts.Load() }
