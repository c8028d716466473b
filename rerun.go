package headrace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// releaseBatch is how many parked events of a key one transaction runs at most.
const releaseBatch = 256

// due notes that a parked event will be due.
func (w *worker) due(at time.Time) {
	if at.Before(w.parkedDue) {
		w.parkedDue, w.routine = at, false
	}
}

// runParked runs parked events that are due: in the partition's own loop and under its fence, so that nothing races with the stream.
func (w *worker) runParked(ctx, live context.Context) error {
	if w.now().Before(w.parkedDue) {
		return nil
	}
	var ids []driver.Partition
	for _, p := range w.held() {
		if p.readable(w.now()) {
			ids = append(ids, p.id)
		}
	}
	if len(ids) == 0 {
		w.parkedDue, w.routine = w.now().Add(shortestPause), false
		return nil
	}
	due, err := w.lookForParked(live, ids)
	if err != nil {
		return err
	}
	for _, e := range due {
		p := w.partitions[e.Partition]
		if ctx.Err() != nil || !p.readable(w.now()) {
			w.due(w.now())
			continue
		}
		if err := w.rerun(live, p, e); err != nil {
			p.unsure = true
			w.due(w.now())
			return err
		}
	}
	return nil
}

// lookForParked returns parked events of these partitions that are due, and sets when to look again.
func (w *worker) lookForParked(ctx context.Context, ids []driver.Partition) ([]driver.Parked, error) {
	trust := w.routine && !slices.ContainsFunc(ids, func(id driver.Partition) bool { return w.partitions[id].holding })
	found, looked, err := w.service.vacant.look(w.service.clock, trust, func() (driver.ParkedSummary, error) {
		return w.service.store.DueParked(ctx, w.service.name, ids, parkedBatch)
	})
	if err != nil {
		return nil, fmt.Errorf("look for parked events: %w", err)
	}
	for _, id := range ids {
		w.partitions[id].holding = found.Holding[id]
	}
	w.parkedDue, w.routine = looked.Add(parkedCheck), true
	switch soonest := w.now().Add(parkedAgain); {
	case len(found.Due) == parkedBatch:
		w.due(w.now())
	case found.Next.After(soonest):
		w.due(found.Next)
	case !found.Next.IsZero():
		w.due(soonest)
	}
	return found.Due, nil
}

// rerun runs the parked head of a key, or drops it if that was asked for.
func (w *worker) rerun(ctx context.Context, p *partition, e driver.Parked) error {
	it := w.service.read(p, e.Entry)
	switch {
	case e.State == driver.Discarding:
		return w.finish(ctx, &it, e, func(context.Context, *Tx) error { return nil }, Discarded)
	case it.kind == pass:
		return w.finish(ctx, &it, e, func(context.Context, *Tx) error { return nil }, Released)
	case it.kind == hopeless:
		return w.bury(ctx, &it, e, it.reason(), it.err)
	case it.kind == foreign:
		return w.bury(ctx, &it, e, "cannot be read", it.err)
	}
	return w.solo.apart(e.Tries+p.interrupted[e.Entry.Position], func() error { return w.tryParked(ctx, p, it, e) })
}

// tryParked marks the parked head of a key and runs it.
func (w *worker) tryParked(ctx context.Context, p *partition, it item, e driver.Parked) error {
	at := e.Entry.Position
	tries, err := p.try(at, func() (int, error) { return w.service.store.TryParked(ctx, w.service.name, p.lease, at) })
	if err != nil {
		return fmt.Errorf("mark parked event %s: %w", e.EventID, err)
	}
	w.note(p, Retried, 1, nil)
	switch {
	case tries > maxCrashes:
		err = w.bury(ctx, &it, e, "crashed", fmt.Errorf("%w: %d times", errCrashed, tries-1))
	case tries > 1:
		err = w.rerunHead(ctx, &it, e, nil)
	default:
		err = w.rerunMarked(ctx, it, e)
	}
	p.tried(at, tries, err)
	return err
}

// rerunMarked runs the parked head of a key together with what waits behind it, or alone if that fails.
func (w *worker) rerunMarked(ctx context.Context, it item, e driver.Parked) error {
	first, err := w.rerunQueue(ctx, it, e)
	if first == nil {
		return err
	}
	return w.rerunHead(ctx, &it, e, first.err)
}

// rerunQueue runs a parked event and what waits behind it in one transaction, up to a batch. It returns a failure if one of their handlers
// failed, with its error only if that was the head's: then the head has to be run alone.
func (w *worker) rerunQueue(ctx context.Context, head item, e driver.Parked) (*failure, error) {
	var set aside
	err := w.underFence(ctx, head.partition, func(ctx context.Context, tx *Tx) error {
		head.decode()
		items, err := w.queueBehind(ctx, tx, head, e)
		if err != nil {
			return err
		}
		if set, err = w.handleAll(ctx, tx, items, keySet{}, e.Attempts+1); err != nil {
			return err
		}
		positions := make([]Position, set.upTo)
		for i := range positions {
			positions[i] = items[i].entry.Position
		}
		if err := tx.driver.Unpark(ctx, w.service.name, e.Partition, positions); err != nil {
			return fmt.Errorf("remove parked events: %w", err)
		}
		return w.releaseNext(ctx, tx, e)
	})
	if f, failed := errors.AsType[*failure](blame(err, set)); failed {
		if f.index > 0 || f.count > 1 {
			f.err = nil
		}
		return f, nil
	}
	if err == nil {
		w.note(head.partition, Released, set.upTo, nil)
	}
	return nil, err
}

// queueBehind is the head and the waiting events of its key that can follow it in the same transaction.
func (w *worker) queueBehind(ctx context.Context, tx *Tx, head item, e driver.Parked) ([]item, error) {
	items := []item{head}
	if !e.Holds {
		return items, nil
	}
	queue, err := tx.driver.Queue(ctx, w.service.name, e.Partition, e.Key, releaseBatch-1)
	if err != nil {
		return nil, fmt.Errorf("look for events behind %s: %w", e.EventID, err)
	}
	for _, next := range queue {
		it := w.service.read(head.partition, next.Entry)
		if it.kind != handle && it.kind != pass {
			break // it becomes the head, and is dealt with as such
		}
		items = append(items, it)
	}
	return items, nil
}

// rerunHead calls the handler of a parked event, at once again as long as its policy says so. first, if not nil, is what its handler said
// already.
func (w *worker) rerunHead(ctx context.Context, it *item, e driver.Parked, first error) error {
	for {
		err := first
		if first = nil; err == nil {
			err = w.runHead(ctx, it, e)
			f, failed := errors.AsType[*failure](err)
			if !failed {
				return err
			}
			err = f.err
		}
		e.Attempts++
		d := it.handler.policy.decide(err, e.Attempts, random)
		if d.next != again {
			return w.settleParked(ctx, it, e, d, err)
		}
	}
}

// runHead calls the handler of a parked event once, and ends the event if that succeeds.
func (w *worker) runHead(ctx context.Context, it *item, e driver.Parked) error {
	var set aside
	err := w.finish(ctx, it, e, func(ctx context.Context, tx *Tx) error {
		it.decode()
		set = aside{}
		if err := w.service.call(ctx, tx, []item{*it}, e.Attempts+1); err != nil {
			return &failure{count: 1, err: err}
		}
		set.handled, set.upTo = 1, 1
		return nil
	}, Released)
	return blame(err, set)
}

// settleParked does what was decided about a parked event that failed again.
func (w *worker) settleParked(ctx context.Context, it *item, e driver.Parked, d decision, err error) error {
	switch d.next {
	case die:
		return w.bury(ctx, it, e, d.reason, err)
	case pause:
		e.Attempts-- // nothing is counted
		w.putOff(ctx, it.partition, err)
		d.wait = it.partition.resume.Sub(w.now())
	}
	return w.putBack(ctx, it, e, d.wait, err)
}

// finish ends a parked event in one transaction: its effect, its removal, and the release of the next event of its key.
func (w *worker) finish(ctx context.Context, it *item, e driver.Parked, effect func(context.Context, *Tx) error, kind SignalKind) error {
	err := w.underFence(ctx, it.partition, func(ctx context.Context, tx *Tx) error {
		if err := effect(ctx, tx); err != nil {
			return err
		}
		if err := tx.driver.Unpark(ctx, w.service.name, e.Partition, []Position{e.Entry.Position}); err != nil {
			return fmt.Errorf("remove parked event %s: %w", e.EventID, err)
		}
		return w.releaseNext(ctx, tx, e)
	})
	if err == nil {
		w.note(it.partition, kind, 1, nil)
	}
	return err
}

// releaseNext makes the next event of a key due, now that the one that held it is out of the way.
func (w *worker) releaseNext(ctx context.Context, tx *Tx, e driver.Parked) error {
	if !e.Holds {
		return nil
	}
	queue, err := tx.driver.Queue(ctx, w.service.name, e.Partition, e.Key, 1)
	if err != nil {
		return fmt.Errorf("look for events behind %s: %w", e.EventID, err)
	}
	if len(queue) == 0 {
		return nil
	}
	next := queue[0]
	next.State, next.Due, next.Reason = driver.Retrying, w.now(), "released"
	next.Tries = min(e.Tries, 1) // what ended a process together with this one may have been the next
	if err := tx.driver.Repark(ctx, w.service.name, next); err != nil {
		return fmt.Errorf("release %s: %w", next.EventID, err)
	}
	w.due(next.Due)
	return nil
}

// putBack stores that a parked event failed again.
func (w *worker) putBack(ctx context.Context, it *item, e driver.Parked, delay time.Duration, err error) error {
	e.State, e.Tries, e.Due = driver.Retrying, 0, w.now().Add(delay)
	e.FailedAt, e.Error = w.now(), errorText(err)
	w.due(e.Due)
	return w.underFence(ctx, it.partition, func(ctx context.Context, tx *Tx) error {
		return tx.driver.Repark(ctx, w.service.name, e)
	})
}

// bury makes a parked event dead.
func (w *worker) bury(ctx context.Context, it *item, e driver.Parked, reason string, cause error) error {
	held := e.Holds
	if it.handler != nil && it.handler.policy.retryFor(cause).AfterDead == SkipKey {
		e.Holds = false
	}
	e.State, e.Tries, e.Reason = driver.Dead, 0, reason
	e.FailedAt, e.Error = w.now(), errorText(cause)
	err := w.underFence(ctx, it.partition, func(ctx context.Context, tx *Tx) error {
		if err := tx.driver.Repark(ctx, w.service.name, e); err != nil {
			return err
		}
		if e.Holds {
			return nil
		}
		released := e
		released.Holds = held
		return w.releaseNext(ctx, tx, released)
	})
	if err == nil {
		w.died(e)
	}
	return err
}

// underFence runs a transaction that changes parked events of a partition, only while its lease is held. The lease's row is locked last,
// like by every other transaction: a heartbeat has to wait for it, and must not wait for handlers.
func (w *worker) underFence(ctx context.Context, p *partition, fn func(context.Context, *Tx) error) error {
	return w.service.insist(ctx, func(int) error { return w.underFenceOnce(ctx, p, fn) })
}

func (w *worker) underFenceOnce(ctx context.Context, p *partition, fn func(context.Context, *Tx) error) error {
	tx, ctx, err := w.service.begin(ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	defer tx.rollback(ctx)
	if err := fn(ctx, tx); err != nil {
		return tx.excuse(err)
	}
	check := driver.Advance{Partition: p.id, Fence: p.lease.Fence, From: p.cursor(), To: p.cursor()}
	if err := tx.advance(ctx, []driver.Advance{check}); err != nil {
		return tx.excuse(err)
	}
	return tx.excuse(tx.commit(ctx))
}
