package drivertest_test

import (
	"context"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

// ledger remembers what a store's leases are, so that a lie about them can be made to fit.
type ledger struct {
	driver.Store
	change func(*ledger, driver.Advance) driver.Advance

	mu     sync.Mutex
	leases map[driver.Partition]driver.Lease
}

func ledgered(change func(*ledger, driver.Advance) driver.Advance) func(driver.Store) driver.Store {
	return func(s driver.Store) driver.Store {
		return &ledger{Store: s, change: change, leases: map[driver.Partition]driver.Lease{}}
	}
}

func (l *ledger) lease(p driver.Partition) driver.Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leases[p]
}

func (l *ledger) keep(lease driver.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leases[lease.Partition] = lease
}

func (l *ledger) Acquire(ctx context.Context, g string, p driver.Partition, m string, ttl time.Duration) (driver.Lease, bool, error) {
	lease, ok, err := l.Store.Acquire(ctx, g, p, m, ttl)
	if ok {
		l.keep(lease)
	}
	return lease, ok, err
}

func (l *ledger) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := l.Store.Begin(ctx, o)
	if err != nil || o.ReadOnly {
		return tx, err
	}
	return &ledgerTx{plainTx: plainTx{tx}, ledger: l}, nil
}

type ledgerTx struct {
	plainTx
	ledger *ledger
	moved  []driver.Advance
}

func (tx *ledgerTx) Advance(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	total := 0
	for _, m := range moves {
		m = tx.ledger.change(tx.ledger, m)
		n, err := tx.Tx.Advance(ctx, group, []driver.Advance{m})
		if err != nil {
			return total, err
		}
		if n == 1 {
			tx.moved = append(tx.moved, m)
		}
		total += n
	}
	return total, nil
}

func (tx *ledgerTx) Commit(ctx context.Context) error {
	err := tx.Tx.Commit(ctx)
	if err == nil {
		for _, m := range tx.moved {
			tx.ledger.keep(driver.Lease{Partition: m.Partition, Fence: m.Fence, Cursor: m.To})
		}
	}
	return err
}

// flatFence gives out leases that expired under the fence that they had.
type flatFence struct{ driver.Store }

func (s flatFence) Acquire(ctx context.Context, g string, p driver.Partition, m string, ttl time.Duration) (driver.Lease, bool, error) {
	l, ok, err := s.Store.Acquire(ctx, g, p, m, ttl)
	if l.Dirty {
		l.Fence--
	}
	return l, ok, err
}

// anyRelay numbers for everybody.
type anyRelay struct {
	driver.Store
	mu    sync.Mutex
	fence uint64
}

func (s *anyRelay) Acquire(ctx context.Context, g string, p driver.Partition, m string, ttl time.Duration) (driver.Lease, bool, error) {
	l, ok, err := s.Store.Acquire(ctx, g, p, m, ttl)
	if ok && g == driver.RelayGroup {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fence = l.Fence
	}
	return l, ok, err
}

func (s *anyRelay) Number(ctx context.Context, _ uint64, limit int) (driver.Numbered, error) {
	s.mu.Lock()
	fence := s.fence
	s.mu.Unlock()
	return s.Store.Number(ctx, fence, limit)
}

// holed has journals without their sixth entries.
type holed struct{ driver.Store }

func (s holed) ReadJournal(ctx context.Context, p driver.Partition, after driver.Position, limit, maxBytes int) (driver.Page, error) {
	page, err := s.Store.ReadJournal(ctx, p, after, limit, maxBytes)
	for i, e := range page.Entries {
		if e.Position.Seq == 6 {
			page.Entries = append(page.Entries[:i:i], page.Entries[i+1:]...)
			break
		}
	}
	return page, err
}

// noRelease takes leases back without a word: they are free when they expire.
type noRelease struct{ driver.Store }

func (s noRelease) Release(ctx context.Context, _ string, _ []driver.Lease) error { return ctx.Err() }
