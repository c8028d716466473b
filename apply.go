package headrace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// errNotMoved means that a cursor did not move: its lease is lost, or the events were applied already.
var errNotMoved = errors.New("cursor did not move")

// apply gets items done: applied, passed over or parked. They are in order within their partitions and continue the cursors. An error means
// that something other than a handler failed; the partitions concerned are unsure then.
func (w *worker) apply(ctx context.Context, items []item) error {
	for len(items) > 0 {
		n, err := w.step(ctx, items)
		if err != nil {
			for _, it := range items {
				it.partition.unsure = true
			}
			return err
		}
		items = workable(items[n:])
	}
	return nil
}

// workable leaves out items of partitions on which work has stopped in the meantime; their entries are read again.
func workable(items []item) []item {
	return slices.DeleteFunc(items, func(it item) bool { return it.partition.unsure || it.partition.lost })
}

// step gets the first items done, as many as go together, and returns how many that were. They run in one transaction. If a handler fails,
// what came before the failure is run again without it, and then the guilty event alone.
func (w *worker) step(ctx context.Context, items []item) (int, error) {
	if items[0].partition.isCareful(items[0].entry) {
		return 1, w.careful(ctx, items[0])
	}
	n := slices.IndexFunc(items, func(it item) bool { return it.partition.isCareful(it.entry) })
	if n < 0 {
		n = len(items)
	}
	err := w.solo.alongside(func() error { return w.transact(ctx, items[:n], 1) })
	f, failed := errors.AsType[*failure](err)
	if !failed {
		return n, err
	}
	if f.index > 0 {
		if n, err := w.step(ctx, items[:f.index]); err != nil || n < f.index {
			return n, err
		}
	}
	return f.index + f.count, w.oneByOne(ctx, items[f.index:f.index+f.count], f)
}

// oneByOne runs items of a failed call, each in a transaction of its own. The failure counts as the first attempt if it can be only one
// event's.
func (w *worker) oneByOne(ctx context.Context, items []item, f *failure) error {
	for _, it := range items {
		if it.partition.unsure || it.partition.lost {
			continue
		}
		var first error
		if len(items) == 1 {
			first = f.err
		}
		if err := w.solo.alongside(func() error { return w.single(ctx, it, first) }); err != nil {
			return err
		}
	}
	return nil
}

// transact runs items in one transaction together with the moves of their cursors, again if the database had to give up because of others.
func (w *worker) transact(ctx context.Context, items []item, attempt int) error {
	for n := 0; ; n++ {
		started := w.now()
		err := w.transactOnce(ctx, items, attempt)
		switch {
		case err == nil:
			w.moved(items, w.now().Sub(started))
			return nil
		case !errors.Is(err, driver.ErrConflict) || n == conflictAttempts || wait(ctx, backoff(n, time.Millisecond, 100*time.Millisecond, random)) != nil:
			return err
		}
		redecode(items)
	}
}

func redecode(items []item) {
	for i := range items {
		if items[i].kind == handle {
			items[i].decode()
		}
	}
}

func (w *worker) transactOnce(ctx context.Context, items []item, attempt int) error {
	tx, ctx, err := w.service.begin(ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	defer tx.rollback(ctx)
	held, err := w.heldKeys(ctx, tx, items)
	if err != nil {
		return err
	}
	set, err := w.handleAll(ctx, tx, items, held, attempt)
	if err != nil {
		return err
	}
	if err := w.putAside(ctx, tx, set); err != nil {
		return err
	}
	if err := tx.advance(ctx, moves(items)); err != nil {
		return err
	}
	if err := tx.commit(ctx); err != nil {
		return err
	}
	w.wasPutAside(set)
	return nil
}

// advance moves cursors, all or none.
func (tx *Tx) advance(ctx context.Context, list []driver.Advance) error {
	n, err := tx.driver.Advance(ctx, tx.service.name, list)
	if err != nil {
		return fmt.Errorf("move cursors: %w", err)
	}
	if n != len(list) {
		return fmt.Errorf("%w: %d of %d did", errNotMoved, n, len(list))
	}
	return nil
}

// moved takes note of a commit.
func (w *worker) moved(items []item, took time.Duration) {
	for start := 0; start < len(items); {
		p, end := items[start].partition, start
		for end < len(items) && items[end].partition == p {
			end++
		}
		p.lease.Cursor = items[end-1].entry.Position
		p.pauses = 0
		w.service.signal(Signal{Kind: Applied, Topic: p.id.Topic, Partition: p.id.Number, Count: end - start, Took: took})
		start = end
	}
}
