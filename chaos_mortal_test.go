package headrace_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

var errDead = errors.New("this process is dead")

// mortal is one process's life. At any step it may die, or stand still for longer than its leases last; once dead, nothing it does has an
// effect.
type mortal struct {
	mu     sync.Mutex
	random *rand.Rand
	odds   int           // it dies at one step in odds; 0: never, and nothing else happens either
	stand  time.Duration // how long it stands still
	dead   bool
	ended  func() // ends the process's context
	tally  *tally
}

// tally counts which faults really happened.
type tally struct {
	mu                                 sync.Mutex
	deaths, stands, repeats, drops     int
	troubles                           int
	duplicates, gaps, fenced, releases int
}

func (t *tally) add(n *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*n++
}

// step is a point between two steps of the engine.
func (m *mortal) step() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead && m.odds > 0 && m.random.IntN(m.odds) == 0 {
		m.dead = true
		m.tally.add(&m.tally.deaths)
		m.ended()
	}
	if m.dead {
		return errDead
	}
	return nil
}

// standStill is a point where nothing is locked, so that others can take over in the meantime.
func (m *mortal) standStill() error {
	m.mu.Lock()
	still := !m.dead && m.odds > 0 && m.random.IntN(40) == 0
	m.mu.Unlock()
	if still {
		m.tally.add(&m.tally.stands)
		time.Sleep(m.stand)
	}
	return m.step()
}

func (m *mortal) chance(odds int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.dead && m.odds > 0 && m.random.IntN(odds) == 0
}

// trouble is a point where the connection may break, or the database give up, while the process lives on. What happens is one of the given
// errors; nil if all is well.
func (m *mortal) trouble(errs ...error) error {
	if !m.chance(50) {
		return nil
	}
	m.tally.add(&m.tally.troubles)
	m.mu.Lock()
	defer m.mu.Unlock()
	return errs[m.random.IntN(len(errs))]
}

// mortalStore is a store as seen by a mortal process.
type mortalStore struct {
	driver.Store
	life *mortal
}

func (s mortalStore) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := s.life.standStill(); err != nil {
		return nil, err
	}
	if err := s.life.trouble(errDown); err != nil {
		return nil, err
	}
	tx, err := s.Store.Begin(ctx, o)
	if err != nil {
		return nil, err
	}
	return mortalTx{tx, s.life}, nil
}

func (s mortalStore) Number(ctx context.Context, fence uint64, limit int) (driver.Numbered, error) {
	if err := s.life.standStill(); err != nil {
		return driver.Numbered{}, err
	}
	n, err := s.Store.Number(ctx, fence, limit)
	return n, errors.Join(err, s.life.step(), s.life.trouble(errDown)) // numbered, and nobody hears of it
}

func (s mortalStore) Heartbeat(ctx context.Context, member string, ttl time.Duration) (driver.Membership, error) {
	if err := s.life.standStill(); err != nil {
		return driver.Membership{}, err
	}
	return s.Store.Heartbeat(ctx, member, ttl)
}

func (s mortalStore) Acquire(ctx context.Context, g string, p driver.Partition, m string, ttl time.Duration) (driver.Lease, bool, error) {
	if err := s.life.step(); err != nil {
		return driver.Lease{}, false, err
	}
	l, ok, err := s.Store.Acquire(ctx, g, p, m, ttl)
	return l, ok, errors.Join(err, s.life.step(), s.life.trouble(errDown))
}

func (s mortalStore) Release(ctx context.Context, group string, leases []driver.Lease) error {
	if err := s.life.step(); err != nil {
		return err
	}
	if err := s.life.trouble(errDown); err != nil {
		return err
	}
	return errors.Join(s.Store.Release(ctx, group, leases), s.life.trouble(errDown))
}

func (s mortalStore) Try(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	if err := s.life.step(); err != nil {
		return 0, err
	}
	n, err := s.Store.Try(ctx, group, l, p)
	return n, errors.Join(err, s.life.step(), s.life.trouble(errDown))
}

func (s mortalStore) TryParked(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	if err := s.life.step(); err != nil {
		return 0, err
	}
	n, err := s.Store.TryParked(ctx, group, l, p)
	return n, errors.Join(err, s.life.step(), s.life.trouble(errDown))
}

func (s mortalStore) Leave(ctx context.Context, member string) error {
	if err := s.life.step(); err != nil {
		return err
	}
	return s.Store.Leave(ctx, member)
}

// mortalTx is a transaction of a mortal process: when the process dies, the database rolls it back.
type mortalTx struct {
	driver.Tx
	life *mortal
}

// Driver makes memory.State work on the transaction.
func (tx mortalTx) Driver() driver.Tx { return tx.Tx }

func (tx mortalTx) Publish(ctx context.Context, messages []driver.Message) error {
	if err := tx.life.step(); err != nil {
		return err
	}
	return tx.Tx.Publish(ctx, messages)
}

func (tx mortalTx) Advance(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	if err := tx.life.step(); err != nil {
		return 0, err
	}
	return tx.Tx.Advance(ctx, group, moves)
}

func (tx mortalTx) Park(ctx context.Context, group string, events []driver.Parked) error {
	if err := tx.life.step(); err != nil {
		return err
	}
	return tx.Tx.Park(ctx, group, events)
}

func (tx mortalTx) Unpark(ctx context.Context, group string, p driver.Partition, list []driver.Position) error {
	if err := tx.life.step(); err != nil {
		return err
	}
	return tx.Tx.Unpark(ctx, group, p, list)
}

func (tx mortalTx) Commit(ctx context.Context) error {
	if err := tx.life.step(); err != nil {
		return err
	}
	if err := tx.life.trouble(driver.ErrConflict, driver.ErrUnknownOutcome, errDown); err != nil {
		return err
	}
	err := tx.Tx.Commit(ctx)
	return errors.Join(err, tx.life.step(), tx.life.trouble(driver.ErrUnknownOutcome)) // committed, and nobody hears of it
}

// mortalBroker is a broker as seen by a mortal process. It also repeats and drops what it delivers.
type mortalBroker struct {
	driver.Broker
	life *mortal
}

func (b mortalBroker) Append(ctx context.Context, batches []driver.Batch) map[driver.Partition]error {
	failed := map[driver.Partition]error{}
	for _, batch := range batches { // one by one: it may die in the middle
		if err := b.life.standStill(); err != nil {
			failed[batch.Partition] = err
			continue
		}
		maps.Copy(failed, b.Broker.Append(ctx, []driver.Batch{batch}))
	}
	return failed
}

func (b mortalBroker) Reader(ctx context.Context, group string) (driver.Reader, error) {
	r, err := b.Broker.Reader(ctx, group)
	return &mortalReader{Reader: r, life: b.life, seen: map[driver.Partition][]driver.Entry{}}, err
}

type mortalReader struct {
	driver.Reader
	life *mortal
	seen map[driver.Partition][]driver.Entry
}

func (r *mortalReader) Read(ctx context.Context, limit int, wait time.Duration) ([]driver.Batch, error) {
	if err := errors.Join(r.life.step(), r.life.trouble(errDown)); err != nil {
		return nil, err
	}
	batches, err := r.Reader.Read(ctx, limit, wait)
	for i, b := range batches {
		before := r.seen[b.Partition]
		r.seen[b.Partition] = slices.Concat(before, b.Entries)
		switch {
		case len(before) > 0 && r.life.chance(4): // everything since some point once more
			r.life.tally.add(&r.life.tally.repeats)
			batches[i].Entries = slices.Concat(before[rand.IntN(len(before)):], b.Entries)
		case r.life.chance(6): // something got lost
			r.life.tally.add(&r.life.tally.drops)
			batches[i].Entries = b.Entries[rand.IntN(len(b.Entries)):][1:]
		}
	}
	return batches, err
}
