package headrace

import (
	"context"
	"errors"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// single runs one event in a transaction of its own until it has succeeded or is parked. first, if not nil, is what its handler said
// already, as the first attempt.
func (w *worker) single(ctx context.Context, it item, first error) error {
	items, attempts, err := []item{it}, 0, first
	for {
		if err == nil {
			redecode(items)
			_, err = w.transact(ctx, items, attempts+1)
			f, failed := errors.AsType[*failure](err)
			if !failed {
				return err
			}
			err = f.err
		}
		attempts++
		d := it.handler.policy.decide(err, attempts, random)
		if d.next != again {
			return w.carryOut(ctx, it, d, attempts, err)
		}
		w.note(it.partition, Retried, 1, err)
		err = nil
	}
}

// carryOut does what was decided about an event of the stream that failed.
func (w *worker) carryOut(ctx context.Context, it item, d decision, attempts int, err error) error {
	if d.next == pause {
		w.putOff(ctx, it.partition, err)
		return nil
	}
	parked := it.park(driver.Retrying, true, d.reason)
	parked.Due = w.now().Add(d.wait)
	if d.next == die {
		parked.State, parked.Holds = driver.Dead, d.afterDead == HoldKey
	}
	parked.Attempts, parked.Error = attempts, errorText(err)
	parked.ParkedAt, parked.FailedAt = w.now(), w.now()
	return w.parkOne(ctx, it, parked)
}

// parkOne parks an event and moves the cursor past it.
func (w *worker) parkOne(ctx context.Context, it item, parked driver.Parked) error {
	set := aside{parked: []driver.Parked{parked}}
	err := w.service.insist(ctx, func(int) error { return w.parkOnce(ctx, it, set) })
	if err != nil {
		return fmt.Errorf("park %s: %w", it.meta.ID, err)
	}
	it.partition.lease.Cursor = it.entry.Position
	w.wasPutAside(set)
	w.due(parked.Due)
	return nil
}

func (w *worker) parkOnce(ctx context.Context, it item, set aside) error {
	tx, ctx, err := w.service.begin(ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	defer tx.rollback(ctx)
	return w.conclude(ctx, tx, []item{it}, set)
}

const maxCrashes = 3

// careful runs an event that may have killed its process: marked, one at a time in this process, and the second time with nothing beside it.
// After three times without an answer it is parked as dead.
func (w *worker) careful(ctx context.Context, it item) error {
	if it.kind != handle {
		_, err := w.transactAlongside(ctx, []item{it})
		return err
	}
	return w.solo.oneAtATime(func() error { return w.tryMarked(ctx, it) })
}

func (w *worker) tryMarked(ctx context.Context, it item) error {
	p, at := it.partition, it.entry.Position
	if l := p.lease; l.Trying == at && l.Tries >= maxCrashes && p.interrupted[at] == 0 {
		err := fmt.Errorf("%w: %d times", errCrashed, l.Tries)
		return w.parkOne(ctx, it, w.dead(&it, "crashed", err))
	}
	before := 0
	if p.lease.Trying == at {
		before = p.lease.Tries
	}
	return w.solo.apart(before+p.interrupted[at], func() error { return w.tryNow(ctx, it) })
}

// tryNow marks an event and runs it. Whatever had to be waited for comes before the mark: a process that dies while it waits does not die
// of the event.
func (w *worker) tryNow(ctx context.Context, it item) error {
	p, at := it.partition, it.entry.Position
	tries, err := p.try(at, func() (int, error) { return w.service.store.Try(ctx, w.service.name, p.lease, at) })
	if err != nil {
		return fmt.Errorf("mark %s: %w", it.meta.ID, err)
	}
	err = w.single(ctx, it, nil)
	if err == nil && p.cursor() != at { // it was answered, and is to be tried later
		_, err = w.service.store.Try(ctx, w.service.name, p.lease, Position{})
	}
	p.tried(at, tries, err)
	return err
}

// errCrashed means that a process died while it handled the event.
var errCrashed = errors.New("the process ended while it handled the event")
