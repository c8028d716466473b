package memory

import (
	"context"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// transaction is a [driver.Tx] on a copy of the store's tables.
type transaction struct {
	store    *Store
	process  *process
	tables   tables
	readOnly bool
	over     bool
	err      error // the first failure: nothing can be committed after it
}

var _ driver.Tx = (*transaction)(nil)

// Begin implements [driver.Store]. A writing transaction waits until it is the only one; opening one while the same goroutine has another
// open waits until ctx ends.
func (s *Store) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.ReadOnly {
		return s.beginReading(ctx)
	}
	p, err := s.write(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &transaction{store: s, process: p, tables: s.committed}, nil
}

func (s *Store) beginReading(ctx context.Context) (driver.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil, driver.ErrClosed
	}
	return &transaction{store: s, process: s.process, tables: s.committed, readOnly: true}, nil
}

// Publish implements [driver.Tx].
func (tx *transaction) Publish(ctx context.Context, messages []driver.Message) error {
	return tx.write(ctx, func(t *tables) error {
		now := tx.store.clock.Now()
		for _, m := range messages {
			t.outbox = t.outbox.Set(t.next(), outboxRow{message: m, since: now})
		}
		return nil
	})
}

// Schedule implements [driver.Tx].
func (tx *transaction) Schedule(ctx context.Context, timers []driver.Timer) error {
	return tx.write(ctx, func(t *tables) error {
		for _, timer := range timers {
			if err := t.schedule(timer); err != nil {
				return err
			}
		}
		return nil
	})
}

// Cancel implements [driver.Tx].
func (tx *transaction) Cancel(ctx context.Context, token string) (bool, error) {
	canceled := false
	err := tx.change(ctx, func(t *tables) error {
		canceled = t.cancel(token)
		return nil
	})
	return canceled, err
}

// Advance implements [driver.Tx].
func (tx *transaction) Advance(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	moved := 0
	err := tx.change(ctx, func(t *tables) error {
		for _, m := range moves {
			if t.advance(leaseKey{name(group), m.Partition}, m) {
				moved++
			}
		}
		return nil
	})
	return moved, err
}

// Commit implements [driver.Tx]. It ends the transaction whatever it returns.
func (tx *transaction) Commit(ctx context.Context) error {
	err := tx.usable(ctx)
	if tx.over {
		return err
	}
	defer tx.end()
	if err != nil || tx.readOnly {
		return err
	}
	tx.store.mu.Lock()
	defer tx.store.mu.Unlock()
	if tx.store.process != tx.process {
		return driver.ErrClosed
	}
	tx.store.committed = tx.tables
	return nil
}

// Rollback implements [driver.Tx]. It never fails.
func (tx *transaction) Rollback(context.Context) error {
	if !tx.over {
		tx.end()
	}
	return nil
}

// end gives back the right to write.
func (tx *transaction) end() {
	tx.over = true
	if !tx.readOnly {
		<-tx.process.writer
	}
}

// change runs a function on the transaction's tables, unless they cannot be written. What a function that fails did is undone.
func (tx *transaction) change(ctx context.Context, fn func(*tables) error) error {
	if err := tx.usable(ctx); err != nil {
		return err
	}
	if tx.readOnly {
		return driver.ErrReadOnly
	}
	t := tx.tables
	if err := fn(&t); err != nil {
		return err
	}
	tx.tables = t
	return nil
}

// write is change for what leaves nothing to do but to roll back when it fails.
func (tx *transaction) write(ctx context.Context, fn func(*tables) error) error {
	err := tx.change(ctx, fn)
	if tx.err == nil {
		tx.err = err
	}
	return err
}

// usable returns why the transaction can do nothing any more.
func (tx *transaction) usable(ctx context.Context) error {
	select {
	case <-tx.process.ended:
		return driver.ErrClosed
	default:
	}
	switch {
	case tx.over:
		return fmt.Errorf("transaction is over: %w", driver.ErrClosed)
	case tx.err != nil:
		return fmt.Errorf("transaction failed before: %w", tx.err)
	}
	return ctx.Err()
}
