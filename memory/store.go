package memory

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

// StoreConfig is what a store is made of. Its zero value is ready to use.
type StoreConfig struct {
	// Clock is the database's clock: it decides about leases, timers and parked events. Default: the machine's clock.
	Clock driver.Clock
}

// Store is a [driver.Store] in this process. It has one writer at a time: a transaction that writes waits for the one before, in the order
// of asking. Transactions that only read see what was committed when they began, wait for nobody and hold up nobody.
//
// A Store outlives the App that used it, like a database outlives a process: [Store.Crash] ends the process in between. What was
// committed lives as long as the Store. The bytes of events are kept as they were given and handed out again without being copied, so
// nobody may change them; only [State] copies.
type Store struct {
	clock driver.Clock

	mu        sync.Mutex // guards what follows; nothing waits while holding it
	committed tables
	process   *process
	members   map[string]time.Time   // until when each is announced
	leased    map[leaseKey]time.Time // until when each lease is held; outside of tables, so that a heartbeat never waits for a writer
}

var _ driver.Store = (*Store)(nil)

// process is what a crash ends: whoever waits in it or holds a transaction of it gets [driver.ErrClosed].
type process struct {
	writer chan struct{} // full while somebody writes
	ended  chan struct{}
}

func newProcess() *process {
	return &process{writer: make(chan struct{}, 1), ended: make(chan struct{})}
}

// NewStore makes an empty store.
func NewStore(c StoreConfig) *Store {
	return &Store{
		clock: c.Clock, process: newProcess(),
		members: map[string]time.Time{}, leased: map[leaseKey]time.Time{},
	}
}

// Setup implements [driver.Store].
func (s *Store) Setup(ctx context.Context, setup driver.Setup) error {
	return s.update(ctx, func(t *tables) error {
		for _, size := range slices.Concat(setup.Owns, setup.Follows) {
			known, ok := t.sizes.Get(name(size.Topic))
			if ok && known != size.Partitions {
				return fmt.Errorf("set up topic %q: %w: it has %d, not %d", size.Topic, driver.ErrPartitions, known, size.Partitions)
			}
			t.sizes = t.sizes.Set(name(size.Topic), size.Partitions)
		}
		for _, size := range setup.Owns {
			for number := range size.Partitions {
				p := driver.Partition{Topic: size.Topic, Number: number}
				t.journals = t.journals.Set(p, t.journal(p))
			}
		}
		return nil
	})
}

// Concurrency implements [driver.Store]: it is 1.
func (s *Store) Concurrency() int { return 1 }

// Close ends the store for good: transactions still open can only be rolled back, and everything else returns [driver.ErrClosed].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		close(s.process.ended)
		s.process = nil
	}
	return nil
}

// Crash does to the store what the sudden death and the restart of every process that uses it would do. All transactions that are open, or
// wait to begin, are rolled back and fail with [driver.ErrClosed] from then on; members are forgotten; leases are free, but not given
// back, so whoever takes them next finds them dirty. Whatever was committed stays, and new transactions can begin. A store that was
// closed stays closed.
func (s *Store) Crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	close(s.process.ended)
	s.process = newProcess()
	clear(s.members)
	clear(s.leased)
	for key, row := range s.committed.leases.All() {
		row.owner = ""
		s.committed.leases = s.committed.leases.Set(key, row)
	}
}

// write waits for the right to write, which the caller gives back by taking the token out of the process's writer.
func (s *Store) write(ctx context.Context) (*process, error) {
	s.mu.Lock()
	p := s.process
	s.mu.Unlock()
	if p == nil {
		return nil, driver.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.writer <- struct{}{}:
		return p, nil
	case <-p.ended:
		return nil, driver.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// update runs a function as a transaction of its own: what it does to the tables is committed if it returns nil. It holds s.mu meanwhile.
func (s *Store) update(ctx context.Context, fn func(*tables) error) error {
	p, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer func() { <-p.writer }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != p {
		return driver.ErrClosed
	}
	t := s.committed
	if err := fn(&t); err != nil {
		return err
	}
	s.committed = t
	return nil
}

// snapshot is what is committed now.
func (s *Store) snapshot(ctx context.Context) (*tables, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil, driver.ErrClosed
	}
	t := s.committed
	return &t, nil
}
