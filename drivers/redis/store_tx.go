package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/headrace/headrace/driver"
)

// transaction is a [driver.Tx] that keeps what it is to do and does it with one script at its end. It locks nothing: the commit fails with
// [driver.ErrConflict] where somebody has changed what it read for writing.
type transaction struct {
	store    *Store
	readOnly bool
	over     bool
	err      error
	rows     map[string]map[string]*row
	whole    map[string]bool // hashes that were read whole
	messages []driver.Message
	extra    [][4]string // further steps
	ids      []string    // of what was published, after the commit
}

var _ driver.Tx = (*transaction)(nil)

func (s *Store) begin(readOnly bool) *transaction {
	return &transaction{store: s, readOnly: readOnly, rows: map[string]map[string]*row{}, whole: map[string]bool{}}
}

// Begin implements [driver.Store].
func (s *Store) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	return s.begin(o.ReadOnly), nil
}

// update runs a function as a transaction of its own, again as long as others get in its way.
func (s *Store) update(ctx context.Context, fn func(*transaction) error) error {
	for {
		if err := s.usable(ctx); err != nil {
			return err
		}
		tx := s.begin(false)
		err := fn(tx)
		if err == nil {
			err = tx.Commit(ctx)
		}
		if !errors.Is(err, driver.ErrConflict) || errors.Is(err, errForeign) {
			return err
		}
	}
}

func (tx *transaction) do(word, key, a, b string) {
	tx.extra = append(tx.extra, [4]string{word, key, a, b})
}

// Publish implements [driver.Tx].
func (tx *transaction) Publish(ctx context.Context, messages []driver.Message) error {
	return tx.write(ctx, func() error {
		tx.messages = append(tx.messages, messages...)
		return nil
	})
}

// Schedule implements [driver.Tx].
func (tx *transaction) Schedule(ctx context.Context, timers []driver.Timer) error {
	return tx.write(ctx, func() error {
		for _, t := range timers {
			r, err := tx.get(ctx, tx.store.key("timers"), t.Token, true)
			if err != nil {
				return err
			}
			if r.here {
				return fmt.Errorf("schedule timer %q: there is one with this token", t.Token)
			}
			r.set(pack(t))
			tx.do("timer", tx.store.key("due"), strconv.FormatInt(t.Due.UnixMicro(), 10), t.Token)
		}
		return nil
	})
}

// Cancel implements [driver.Tx].
func (tx *transaction) Cancel(ctx context.Context, token string) (bool, error) {
	if err := tx.writable(ctx); err != nil {
		return false, err
	}
	r, err := tx.get(ctx, tx.store.key("timers"), token, true)
	if err != nil || !r.here {
		return false, err
	}
	r.remove() // its place in due is passed over and removed when its time comes
	return true, nil
}

// Advance implements [driver.Tx].
func (tx *transaction) Advance(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	if err := tx.writable(ctx); err != nil {
		return 0, err
	}
	fields := make([]string, len(moves))
	for i, m := range moves {
		fields[i] = leaseField(group, m.Partition)
	}
	if err := tx.load(ctx, tx.store.key("leases"), fields); err != nil {
		return 0, err
	}
	moved := 0
	for _, m := range moves {
		l, r, err := tx.lease(ctx, group, m.Partition)
		if err != nil {
			return moved, err
		}
		if !r.here || l.fence != m.Fence || l.cursor != m.From {
			continue
		}
		if moved++; m.To != m.From {
			l.cursor, l.trying, l.tries = m.To, driver.Position{}, 0
			r.set(l.String())
		}
	}
	return moved, nil
}

// Commit implements [driver.Tx]. It ends the transaction whatever it returns.
func (tx *transaction) Commit(ctx context.Context) error {
	err := tx.usable(ctx)
	if tx.over {
		return err
	}
	tx.over = true
	if err != nil || tx.readOnly {
		return err
	}
	c := tx.store.steps()
	tx.changes(c)
	tx.publish(c)
	for _, s := range tx.extra {
		c.step(s[0], s[1], s[2], s[3])
	}
	if len(c.args) == 0 {
		return nil
	}
	tx.ids, err = tx.store.run(ctx, c)
	return err
}

func (tx *transaction) publish(c *steps) {
	lists := map[driver.Partition][]driver.Message{}
	for _, m := range tx.messages {
		lists[m.Partition] = append(lists[m.Partition], m)
	}
	for _, p := range slices.SortedFunc(maps.Keys(lists), driver.Partition.Compare) {
		c.step("heads", tx.store.key("heads"), p.String(), "")
		c.step("stream", tx.store.broker.layout.key(p), "", "")
		for _, m := range lists[p] {
			c.step("publish", tx.store.broker.layout.key(p), string(m.Meta), string(m.Data))
		}
	}
}

// Rollback implements [driver.Tx]. It never fails.
func (tx *transaction) Rollback(context.Context) error {
	tx.over = true
	return nil
}

func (tx *transaction) writable(ctx context.Context) error {
	if err := tx.usable(ctx); err != nil {
		return err
	}
	if tx.readOnly {
		return driver.ErrReadOnly
	}
	return nil
}

// write runs what leaves nothing to do but to roll back when it fails.
func (tx *transaction) write(ctx context.Context, fn func() error) error {
	err := tx.writable(ctx)
	if err == nil {
		err = fn()
	}
	tx.err = cmp.Or(tx.err, err)
	return err
}

func (tx *transaction) usable(ctx context.Context) error {
	switch {
	case tx.over:
		return fmt.Errorf("transaction is over: %w", driver.ErrClosed)
	case tx.err != nil:
		return fmt.Errorf("transaction failed before: %w", tx.err)
	}
	return tx.store.usable(ctx)
}
