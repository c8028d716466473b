package drivertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

func txCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"commits-everything-together",
			"the cursor moves with the effect: state, events, timers, cursor and parked events are one",
			txCommits,
		},
		{
			"rolls-back-everything-together",
			"a handler that failed must leave nothing, or its retry does some of it twice",
			txRollsBack,
		},
		{
			"reads-what-it-wrote",
			"handlers of a batch share a transaction: a later one builds on an earlier one",
			txReadsOwn,
		},
		{
			"shows-nothing-before-it-commits",
			"a decision that rests on what is then rolled back is wrong",
			txIsolated,
		},
		{
			"read-only-refuses-every-write",
			"a view that can write changes state without a cursor or an event",
			txReadOnly,
		},
		{
			"read-only-sees-one-state",
			"a view that is half old and half new shows money that does not exist",
			txConsistent,
		},
		{
			"rollback-after-the-end-does-nothing",
			"every function rolls back when it leaves; after a commit that must be harmless",
			txRollbackTwice,
		},
		{
			"commit-after-a-rollback-fails",
			"promise 22: a commit that answers nil says that everything took effect",
			txCommitAfterRollback,
		},
		{
			"begin-gives-up-with-its-context",
			"where there is a single writer, who waits for it must be able to stop waiting",
			txBeginWaits,
		},
		{
			"commit-with-an-ended-context-tells-the-truth",
			"promise 22: an error that is no unknown outcome says that nothing took effect",
			txCommitEnded,
		},
		{
			"every-method-ends-with-its-context",
			"a stop must not hang on a database, and what was not begun must have no effect",
			txEnded,
		},
	}
}

// everything does all that a transaction can do, on what before has prepared.
func everything(w *storeWorld, tx driver.Tx, l driver.Lease) {
	w.Helper()
	w.put(tx, "state", "new")
	w.publishIn(tx, orders(0), "event")
	w.must(tx.Schedule(w.ctx, []driver.Timer{w.timer(orders(1), "new", time.Minute)}), "schedule")
	equal(w.world, w.cancelIn(tx, "old"), true, "cancel of a timer that waits")
	equal(w.world, w.advanceIn(tx, move(l, 9)), 1, "cursors moved")
	w.parkIn(tx, w.parked(3, "c", driver.Dead))
	again := w.parked(1, "a", driver.Dead)
	w.must(tx.Repark(w.ctx, group, again), "repark")
	w.must(tx.Unpark(w.ctx, group, orders(0), []driver.Position{at(2)}), "unpark")
	w.must(tx.AddForeign(w.ctx, group, []driver.Foreign{w.foreign(8, 0)}), "add a foreign entry")
}

func before(w *storeWorld) driver.Lease {
	w.Helper()
	w.in(func(tx driver.Tx) { w.put(tx, "state", "old") })
	w.schedule(w.timer(orders(1), "old", time.Minute))
	w.park(w.parked(1, "a", driver.Retrying), w.parked(2, "b", driver.Retrying))
	return w.acquire(group, orders(0), "a")
}

// outcome is all that [everything] may have changed.
func outcome(w *storeWorld) []string {
	w.Helper()
	w.elapse(time.Hour)
	w.number(w.relay(), 100)
	list := []string{
		w.get("state"),
		fmt.Sprint(w.journal(orders(0)), w.journal(orders(1))),
		w.lease(group, orders(0)).Cursor.String(),
		fmt.Sprint(states(w)),
		fmt.Sprint(len(w.foreigners(10)), " foreign"),
	}
	return list
}

func txCommits(w *storeWorld) {
	l := before(w)
	w.in(func(tx driver.Tx) { everything(w, tx, l) })
	want := []string{"new", "[1-1 event] [1-1 new]", "1-9", "[1-1 dead 1-3 dead]", "1 foreign"}
	w.same(outcome(w), want, "after a commit")
}

// untouched is the outcome when [everything] had no effect.
func untouched() []string {
	return []string{"old", "[] [1-1 old]", "1-0", "[1-1 retrying 1-2 retrying]", "0 foreign"}
}

func txRollsBack(w *storeWorld) {
	l := before(w)
	w.undo(func(tx driver.Tx) { everything(w, tx, l) })
	w.same(outcome(w), untouched(), "after a rollback")
}

func txReadsOwn(w *storeWorld) {
	w.in(func(tx driver.Tx) {
		w.put(tx, "state", "a")
		w.put(tx, "state", "b")
		got, err := w.db.Get(w.ctx, tx, "state")
		w.must(err, "get")
		equal(w.world, got, "b", "state inside the transaction")
	})
}

func txIsolated(w *storeWorld) {
	w.in(func(tx driver.Tx) { w.put(tx, "state", "old") })
	tx := w.begin(driver.TxOptions{})
	w.put(tx, "state", "never")
	seen := beside(w.world, func() (string, error) {
		view, err := w.store.Begin(w.ctx, driver.TxOptions{ReadOnly: true})
		if err != nil {
			return "", err
		}
		defer func() { _ = view.Rollback(w.ctx) }()
		return w.db.Get(w.ctx, view, "state")
	})
	w.must(tx.Rollback(w.ctx), "roll back")
	got, err := seen.wait(w.world, "read beside a transaction")
	w.must(err, "read beside a transaction")
	equal(w.world, got, "old", "state that another transaction saw")
}

func txReadOnly(w *storeWorld) {
	l := before(w)
	for name, write := range map[string]func(tx driver.Tx) error{
		"Publish":    func(tx driver.Tx) error { return tx.Publish(w.ctx, []driver.Message{message(orders(0), "k", "a")}) },
		"Schedule":   func(tx driver.Tx) error { return tx.Schedule(w.ctx, []driver.Timer{w.timer(orders(1), "new", 0)}) },
		"Cancel":     func(tx driver.Tx) error { _, err := tx.Cancel(w.ctx, "token old"); return err },
		"Advance":    func(tx driver.Tx) error { _, err := tx.Advance(w.ctx, group, []driver.Advance{move(l, 9)}); return err },
		"Park":       func(tx driver.Tx) error { return tx.Park(w.ctx, group, []driver.Parked{w.parked(3, "c", driver.Dead)}) },
		"Repark":     func(tx driver.Tx) error { return tx.Repark(w.ctx, group, w.parked(1, "a", driver.Dead)) },
		"Unpark":     func(tx driver.Tx) error { return tx.Unpark(w.ctx, group, orders(0), []driver.Position{at(2)}) },
		"AddForeign": func(tx driver.Tx) error { return tx.AddForeign(w.ctx, group, []driver.Foreign{w.foreign(8, 0)}) },
	} {
		w.view(func(tx driver.Tx) { w.wantError(write(tx), driver.ErrReadOnly, name+" in a read-only transaction") })
	}
	w.same(outcome(w), untouched(), "after writes in read-only transactions")
}

func txConsistent(w *storeWorld) {
	const rounds = 30
	w.each(3, "write and read two values", func(i int) error {
		for n := range rounds {
			var err error
			if i == 0 {
				err = w.attempt(func(ctx context.Context, tx driver.Tx) error { return putBoth(ctx, w, tx, fmt.Sprint(n)) })
			} else {
				err = readBoth(w)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func putBoth(ctx context.Context, w *storeWorld, tx driver.Tx, value string) error {
	if err := w.db.Put(ctx, tx, "one", value); err != nil {
		return err
	}
	return w.db.Put(ctx, tx, "two", value)
}

func readBoth(w *storeWorld) error {
	tx, err := w.store.Begin(w.ctx, driver.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(w.ctx) }()
	one, err := w.db.Get(w.ctx, tx, "one")
	if err != nil {
		return err
	}
	two, err := w.db.Get(w.ctx, tx, "two")
	if err == nil && one != two {
		err = fmt.Errorf("one view sees %q and %q, which are always written together", one, two)
	}
	return err
}

func txRollbackTwice(w *storeWorld) {
	tx := w.begin(driver.TxOptions{})
	w.put(tx, "state", "kept")
	w.must(tx.Commit(w.ctx), "commit")
	w.must(tx.Rollback(w.ctx), "roll back after a commit")
	equal(w.world, w.get("state"), "kept", "state")
	tx = w.begin(driver.TxOptions{})
	w.put(tx, "state", "never")
	w.must(tx.Rollback(w.ctx), "roll back")
	w.must(tx.Rollback(w.ctx), "roll back once more")
	equal(w.world, w.get("state"), "kept", "state")
	w.in(func(tx driver.Tx) { w.put(tx, "state", "next") })
}

func txCommitAfterRollback(w *storeWorld) {
	tx := w.begin(driver.TxOptions{})
	w.put(tx, "state", "never")
	w.must(tx.Rollback(w.ctx), "roll back")
	if err := tx.Commit(w.ctx); err == nil || errors.Is(err, driver.ErrUnknownOutcome) {
		w.Errorf("commit after a rollback: error is %v; want one that says it did not commit", err)
	}
	equal(w.world, w.get("state"), "", "state")
}

func txBeginWaits(w *storeWorld) {
	w.put(w.begin(driver.TxOptions{}), "state", "new")
	tx, err := w.store.Begin(w.briefly(), driver.TxOptions{})
	if w.has.Writers {
		w.must(err, "begin beside another writer")
		w.must(tx.Rollback(w.ctx), "roll back")
		return
	}
	w.wantError(err, context.DeadlineExceeded, "begin beside the only writer")
}

func txCommitEnded(w *storeWorld) {
	l := before(w)
	tx := w.begin(driver.TxOptions{})
	everything(w, tx, l)
	err := tx.Commit(w.ended())
	if errors.Is(err, driver.ErrUnknownOutcome) {
		return // true of either outcome
	}
	w.must(tx.Rollback(w.ctx), "roll back")
	want := untouched()
	if err == nil {
		want = []string{"new", "[1-1 event] [1-1 new]", "1-9", "[1-1 dead 1-3 dead]", "1 foreign"}
	}
	w.same(outcome(w), want, fmt.Sprintf("after a commit whose context had ended and that answered %v", err))
}

func txEnded(w *storeWorld) {
	l := before(w)
	ctx := w.ended()
	for name, call := range methods(w, l) {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			w.Errorf("%s with a context that has ended: error is %v; want the context's", name, err)
		}
	}
	equal(w.world, w.lease(group, orders(0)).Fence, l.Fence, "fence afterwards")
	w.same(outcome(w), untouched(), "afterwards")
}

// methods are the methods of a store that have effects or that may wait, each in a call that would have an effect.
func methods(w *storeWorld, l driver.Lease) map[string]func(context.Context) error {
	s, p := w.store, orders(0)
	return map[string]func(context.Context) error{
		"Setup":       func(ctx context.Context) error { return s.Setup(ctx, setup()) },
		"Begin":       func(ctx context.Context) error { _, err := s.Begin(ctx, driver.TxOptions{}); return err },
		"ReadJournal": func(ctx context.Context) error { _, err := s.ReadJournal(ctx, p, driver.Start, 1, 1); return err },
		"Heads":       func(ctx context.Context) error { _, err := s.Heads(ctx); return err },
		"TrimJournal": func(ctx context.Context) error { _, err := s.TrimJournal(ctx, p, at(1)); return err },
		"Number":      func(ctx context.Context) error { _, err := s.Number(ctx, 1, 10); return err },
		"RaiseEpoch":  func(ctx context.Context) error { _, _, err := s.RaiseEpoch(ctx, p, at(9)); return err },
		"Pending":     func(ctx context.Context) error { _, _, err := s.Pending(ctx); return err },
		"EnsureCursors": func(ctx context.Context) error {
			return s.EnsureCursors(ctx, group, map[driver.Partition]driver.Position{orders(3): at(1)})
		},
		"Heartbeat": func(ctx context.Context) error { _, err := s.Heartbeat(ctx, "z", ttl); return err },
		"Acquire":   func(ctx context.Context) error { _, _, err := s.Acquire(ctx, group, p, "z", ttl); return err },
		"Release":   func(ctx context.Context) error { return s.Release(ctx, group, []driver.Lease{l}) },
		"Cursors":   func(ctx context.Context) error { _, err := s.Cursors(ctx, group, []driver.Partition{p}); return err },
		"Try":       func(ctx context.Context) error { _, err := s.Try(ctx, group, l, at(1)); return err },
		"Leave":     func(ctx context.Context) error { return s.Leave(ctx, "a") },
		"DueParked": func(ctx context.Context) error {
			_, err := s.DueParked(ctx, group, []driver.Partition{p}, 10)
			return err
		},
		"TryParked":   func(ctx context.Context) error { _, err := s.TryParked(ctx, group, l, at(1)); return err },
		"ListParked":  func(ctx context.Context) error { _, err := s.ListParked(ctx, group, driver.ParkedFilter{}); return err },
		"ListForeign": func(ctx context.Context) error { _, err := s.ListForeign(ctx, group, 1); return err },
		"ReleaseDead": func(ctx context.Context) error {
			_, err := s.ReleaseDead(ctx, group, driver.ParkedFilter{}, driver.Retrying)
			return err
		},
	}
}
