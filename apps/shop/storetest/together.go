package storetest

import (
	"sync"
	"sync/atomic"

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
