package drivertest

import (
	"context"
	"errors"
	"time"

	"github.com/headrace/headrace/driver"
)

// faultyStore is a store as a process sees it.
type faultyStore struct {
	driver.Store
	process *process
}

func (s *faultyStore) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := s.process.at(atBegin); err != nil {
		return nil, err
	}
	tx, err := s.Store.Begin(ctx, o)
	if err != nil {
		return nil, err
	}
	return &faultyTx{tx, s.process}, nil
}

func (s *faultyStore) Heartbeat(ctx context.Context, member string, ttl time.Duration) (driver.Membership, error) {
	if err := s.process.at(atHeartbeat); err != nil {
		return driver.Membership{}, err
	}
	return s.Store.Heartbeat(ctx, member, ttl)
}

func (s *faultyStore) Acquire(ctx context.Context, g string, p driver.Partition, m string, ttl time.Duration) (driver.Lease, bool, error) {
	if s.process.dead.Load() {
		return driver.Lease{}, false, errDead
	}
	return s.Store.Acquire(ctx, g, p, m, ttl)
}

func (s *faultyStore) Release(ctx context.Context, group string, leases []driver.Lease) error {
	if s.process.dead.Load() {
		return errDead
	}
	return s.Store.Release(ctx, group, leases)
}

func (s *faultyStore) Leave(ctx context.Context, member string) error {
	if s.process.dead.Load() {
		return errDead
	}
	return s.Store.Leave(ctx, member)
}

func (s *faultyStore) Try(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	if s.process.dead.Load() {
		return 0, errDead
	}
	return s.Store.Try(ctx, group, l, p)
}

func (s *faultyStore) TryParked(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	if s.process.dead.Load() {
		return 0, errDead
	}
	return s.Store.TryParked(ctx, group, l, p)
}

func (s *faultyStore) Number(ctx context.Context, fence uint64, limit int) (driver.Numbered, error) {
	if err := s.process.at(atNumber); err != nil {
		return driver.Numbered{}, err
	}
	n, err := s.Store.Number(ctx, fence, limit)
	if err != nil || len(n.Batches) == 0 {
		return n, err
	}
	return n, s.process.at(atNumbered)
}

func (s *faultyStore) ReadJournal(ctx context.Context, p driver.Partition, after driver.Position, limit, maxBytes int) (driver.Page, error) {
	if s.process.faults.page != nil {
		s.process.faults.page(limit, maxBytes)
	}
	return s.Store.ReadJournal(ctx, p, after, limit, maxBytes)
}

// faultyTx is a transaction as a process sees it. When the process dies, the database rolls it back.
type faultyTx struct {
	driver.Tx
	process *process
}

func (tx *faultyTx) Advance(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	if err := tx.process.at(atAdvance); err != nil {
		return 0, err
	}
	return tx.Tx.Advance(ctx, group, moves)
}

func (tx *faultyTx) Commit(ctx context.Context) error {
	if err := tx.process.at(atCommit); err != nil {
		return errors.Join(err, tx.Rollback(ctx))
	}
	if err := tx.Tx.Commit(ctx); err != nil {
		return err
	}
	tx.process.system.touch() // the engine says nothing of a commit whose answer it does not get
	return tx.process.at(atCommitted)
}
