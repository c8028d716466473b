package drivertest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/headrace/headrace/driver"
)

func takeoverCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"waits-for-the-commit-in-flight",
			"rule 1: a successor that reads the cursor beside a commit in flight applies its events a second time",
			takeoverWaits,
		},
		{
			"waits-for-one-who-only-checked",
			"a redrive moves no cursor: its fence must be locked all the same until it has committed",
			takeoverWaitsForCheck,
		},
		{
			"reading-cursors-waits-too",
			"rule 1: after an unknown COMMIT the cursor is read again, and must be the one after whatever was in flight",
			cursorsWait,
		},
		{
			"sees-the-old-cursor-after-a-rollback",
			"what was rolled back was not applied, whoever takes over must apply it",
			takeoverAfterRollback,
		},
		{
			"ends-what-the-old-holder-does",
			"promise 7: a paused process cannot commit after its partition has a new owner",
			takeoverFences,
		},
		{
			"work-and-cursor-agree-under-takeovers",
			"promises 3 and 7: however holders change, what was done and how far the cursor has come are the same number",
			takeoverRace,
		},
	}
}

// busy is a transaction of the lease's holder that moves the cursor and has not committed, while the lease has expired.
func busy(w *storeWorld, to uint64) driver.Tx {
	w.Helper()
	l := w.acquire(group, orders(0), "a")
	w.elapse(2 * ttl)
	tx := w.begin(driver.TxOptions{})
	w.put(tx, "applied", strconv.FormatUint(to, 10))
	equal(w.world, w.advanceIn(tx, move(l, to)), 1, "cursors moved")
	return tx
}

func (w *storeWorld) mustWait(what string, f func(ctx context.Context) error) {
	w.Helper()
	if err := f(w.briefly()); !errors.Is(err, context.DeadlineExceeded) {
		w.Fatalf("%s while a transaction holds the row: error is %v; want it to wait until its context ended", what, err)
	}
}

func (w *storeWorld) takeOver(ctx context.Context) error {
	_, _, err := w.store.Acquire(ctx, group, orders(0), "b", ttl)
	return err
}

// mustOutrun takes over beside a transaction that locks nothing, and so cannot commit any more.
func (w *storeWorld) mustOutrun(tx driver.Tx) {
	w.Helper()
	equal(w.world, w.lease(group, orders(0)).Cursor, driver.Start, "cursor before the commit")
	w.must(w.takeOver(w.ctx), "acquire beside a transaction")
	w.wantError(tx.Commit(w.ctx), driver.ErrConflict, "commit under a lease that was taken over")
	l := w.lease(group, orders(0))
	equal(w.world, l.Cursor, driver.Start, "cursor that the successor got")
	equal(w.world, l.Fence, 2, "fence that the successor got")
	equal(w.world, w.get("applied"), "", "state")
}

func takeoverWaits(w *storeWorld) {
	tx := busy(w, 3)
	if w.has.Optimistic {
		w.mustOutrun(tx)
		return
	}
	w.mustWait("acquire", w.takeOver)
	next := beside(w.world, func() (driver.Lease, error) {
		l, _, err := w.store.Acquire(w.ctx, group, orders(0), "b", ttl)
		return l, err
	})
	w.must(tx.Commit(w.ctx), "commit under a lease that expired and was not taken")
	l, err := next.wait(w.world, "acquire beside a commit")
	w.must(err, "acquire beside a commit")
	equal(w.world, l.Cursor, at(3), "cursor that the successor got")
	equal(w.world, l.Fence, 2, "fence that the successor got")
	equal(w.world, w.get("applied"), "3", "state")
}

func takeoverWaitsForCheck(w *storeWorld) {
	tx := busy(w, 0)
	if w.has.Optimistic {
		w.mustOutrun(tx)
		return
	}
	w.mustWait("acquire", w.takeOver)
	w.must(tx.Commit(w.ctx), "commit")
	equal(w.world, w.acquire(group, orders(0), "b").Cursor, driver.Start, "cursor that the successor got")
}

func cursorsWait(w *storeWorld) {
	tx := busy(w, 3)
	if w.has.Optimistic {
		w.mustOutrun(tx)
		return
	}
	read := func(ctx context.Context) ([]driver.Lease, error) {
		return w.store.Cursors(ctx, group, []driver.Partition{orders(0)})
	}
	w.mustWait("read cursors", func(ctx context.Context) error { _, err := read(ctx); return err })
	after := beside(w.world, func() ([]driver.Lease, error) { return read(w.ctx) })
	w.must(tx.Commit(w.ctx), "commit")
	leases, err := after.wait(w.world, "read cursors beside a commit")
	w.must(err, "read cursors beside a commit")
	equal(w.world, leases[0].Cursor, at(3), "cursor after the commit")
}

func takeoverAfterRollback(w *storeWorld) {
	tx := busy(w, 3)
	next := beside(w.world, func() (driver.Lease, error) {
		l, _, err := w.store.Acquire(w.ctx, group, orders(0), "b", ttl)
		return l, err
	})
	w.must(tx.Rollback(w.ctx), "roll back")
	l, err := next.wait(w.world, "acquire beside a rollback")
	w.must(err, "acquire beside a rollback")
	equal(w.world, l.Cursor, driver.Start, "cursor that the successor got")
	equal(w.world, w.get("applied"), "", "state")
}

func takeoverFences(w *storeWorld) {
	old := w.acquire(group, orders(0), "a")
	w.elapse(2 * ttl)
	l := w.acquire(group, orders(0), "b")
	equal(w.world, w.advance(move(old, 3)), 0, "cursors moved under an old fence")
	equal(w.world, w.advance(move(old, 0)), 0, "fences found current under an old fence")
	equal(w.world, w.lease(group, orders(0)).Cursor, driver.Start, "cursor")
	equal(w.world, w.advance(move(l, 1)), 1, "cursors the new holder moved")
}

// takeoverRace lets members take the lease from each other all the time; each adds one to a number of the service's own for every step of
// the cursor.
func takeoverRace(w *storeWorld) {
	const members, terms, steps = 3, 12, 4
	w.acquire(group, orders(0), "first")
	w.each(members, "take over and work", func(i int) error {
		for range terms {
			if err := workTerm(w, fmt.Sprint("member ", i), steps); err != nil {
				return err
			}
		}
		return nil
	})
	l := w.lease(group, orders(0))
	equal(w.world, w.get("applied"), strconv.FormatUint(l.Cursor.Seq, 10), "what was done, where the cursor is "+l.Cursor.String())
	if l.Cursor.Seq == 0 || l.Fence < 2 {
		w.Errorf("the cursor is %s and the fence %d: nothing was done or nobody took over", l.Cursor, l.Fence)
	}
}

var errLost = errors.New("lease is lost")

func workTerm(w *storeWorld, member string, steps int) error {
	w.elapse(2 * ttl)
	l, ok, err := w.store.Acquire(w.ctx, group, orders(0), member, ttl)
	if errors.Is(err, driver.ErrConflict) || err == nil && !ok {
		return nil
	}
	for n := 0; err == nil && n < steps; n++ {
		err = w.attempt(func(ctx context.Context, tx driver.Tx) error { return workStep(ctx, w, tx, l) })
		l.Cursor = l.Cursor.Next()
	}
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

func workStep(ctx context.Context, w *storeWorld, tx driver.Tx, l driver.Lease) error {
	next := l.Cursor.Next()
	if err := w.db.Put(ctx, tx, "applied", strconv.FormatUint(next.Seq, 10)); err != nil {
		return err
	}
	moved, err := tx.Advance(ctx, group, []driver.Advance{move(l, next.Seq)})
	if err == nil && moved != 1 {
		err = errLost
	}
	return err
}
