package headrace

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// longestWork is how long a worker goes on before it looks again at what else there is to do.
const longestWork = time.Second

// enough reports whether work that began then should end at the next good place: the process stops, or a turn has taken long enough.
func (w *worker) enough(started time.Time) bool {
	select {
	case <-w.stopping:
		return true
	default:
		return w.now().Sub(started) >= longestWork
	}
}

// apply gets items done: applied, passed over or parked. They are in order within their partitions and continue the cursors. What there is
// no time for is read again. An error means that something other than a handler failed; the partitions concerned are unsure then.
func (w *worker) apply(ctx context.Context, items []item) error {
	for started := w.now(); len(items) > 0; {
		n, err := w.step(ctx, items)
		if err != nil {
			for _, it := range items {
				it.partition.unsure = true
			}
			return err
		}
		if items = workable(items[n:]); w.enough(started) {
			for _, it := range items {
				it.partition.followed = false
			}
			return nil
		}
	}
	return nil
}

// workable leaves out items of partitions on which work has stopped in the meantime; their entries are read again.
func workable(items []item) []item {
	return slices.DeleteFunc(items, func(it item) bool { return it.partition.unsure || it.partition.lost })
}

// step gets the first items done, as many as go together, and returns how many that were. They run in one transaction. If it fails because
// of an event, what came before that is run again without it, and then the guilty event alone.
func (w *worker) step(ctx context.Context, items []item) (int, error) {
	if items[0].partition.isCareful(items[0].entry) {
		return 1, w.careful(ctx, items[0])
	}
	if n := slices.IndexFunc(items, func(it item) bool { return it.partition.isCareful(it.entry) }); n >= 0 {
		items = items[:n]
	}
	n, err := w.transactAlongside(ctx, items)
	f, failed := errors.AsType[*failure](err)
	if !failed {
		return n, err
	}
	if f.index > 0 {
		if n, err := w.step(ctx, items[:f.index]); err != nil || n < f.index {
			return n, err
		}
	}
	n, err = w.oneByOne(ctx, items[f.index:f.index+f.count], f)
	return f.index + n, err
}

// oneByOne runs items of a failed call, each in a transaction of its own, and returns how many it came to. The failure counts as the first
// attempt if it can be only one event's.
func (w *worker) oneByOne(ctx context.Context, items []item, f *failure) (int, error) {
	started := w.now()
	for i, it := range items {
		if i > 0 && w.enough(started) {
			return i, nil
		}
		if it.partition.unsure || it.partition.lost {
			continue
		}
		var first error
		if len(items) == 1 {
			first = f.err
		}
		if err := w.solo.alongside(func() error { return w.single(ctx, it, first) }); err != nil {
			return i, err
		}
	}
	return len(items), nil
}

func (w *worker) transactAlongside(ctx context.Context, items []item) (n int, err error) {
	err = w.solo.alongside(func() error {
		n, err = w.transact(ctx, items, 1)
		return err
	})
	return n, err
}

// transact runs items in one transaction together with the moves of their cursors, and returns how many there was time for.
func (w *worker) transact(ctx context.Context, items []item, attempt int) (n int, err error) {
	err = w.service.insist(ctx, func(try int) error {
		if try > 0 {
			redecode(items)
		}
		started := w.now()
		set, err := w.transactOnce(ctx, items, attempt)
		if err == nil {
			n = set.upTo
			w.moved(items[:n], set, w.now().Sub(started))
		}
		return err
	})
	return n, err
}

func redecode(items []item) {
	for i := range items {
		if items[i].kind == handle {
			items[i].decode()
		}
	}
}

func (w *worker) transactOnce(ctx context.Context, items []item, attempt int) (aside, error) {
	tx, ctx, err := w.service.begin(ctx, driver.TxOptions{})
	if err != nil {
		return aside{}, err
	}
	defer tx.rollback(ctx)
	held, err := w.heldKeys(ctx, tx, items)
	if err != nil {
		return aside{}, err
	}
	set, err := w.handleAll(ctx, tx, items, held, attempt)
	if err != nil {
		return aside{}, tx.excuse(err)
	}
	if err := w.conclude(ctx, tx, items[:set.upTo], set); err != nil {
		return aside{}, blame(tx.excuse(err), set)
	}
	w.wasPutAside(set)
	return set, nil
}

// conclude ends a transaction: what it keeps, the cursors, the commit.
func (w *worker) conclude(ctx context.Context, tx *Tx, items []item, set aside) error {
	if err := w.putAside(ctx, tx, set); err != nil {
		return err
	}
	if err := tx.advance(ctx, moves(items)); err != nil {
		return err
	}
	return tx.commit(ctx)
}

// moved takes note of a commit.
func (w *worker) moved(items []item, set aside, took time.Duration) {
	kept := set.count()
	for start := 0; start < len(items); {
		p, end := items[start].partition, start
		for end < len(items) && items[end].partition == p {
			end++
		}
		p.lease.Cursor = items[end-1].entry.Position
		p.pauses = 0
		n := end - start - kept[p.id]
		w.service.signal(Signal{Kind: Applied, Topic: p.id.Topic, Partition: p.id.Number, Count: n, Took: took})
		start = end
	}
}
