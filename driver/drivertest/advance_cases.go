package drivertest

import (
	"context"
	"fmt"
	"slices"

	"github.com/headrace/headrace/driver"
)

func advanceCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"moves-only-from-where-the-cursor-stands",
			"promise 3: a batch that was applied already must be found out by its cursor",
			advanceFrom,
		},
		{
			"old-fence-moves-nothing",
			"promise 7: the fence in the cursor's statement is what stops a process that was paused",
			advanceFence,
		},
		{
			"moves-many-and-counts",
			"a worker's batch is over several partitions; fewer rows than partitions is how it learns that one was lost",
			advanceMany,
		},
		{
			"to-where-it-stands-only-checks",
			"a redrive moves no cursor, and must still run under the fence",
			advanceChecks,
		},
		{
			"goes-into-another-epoch",
			"rule 7: a cursor moves to the new epoch at its base",
			advanceEpoch,
		},
		{
			"is-undone-by-a-rollback",
			"the cursor moves with the effect, or not at all",
			advanceRollback,
		},
		{
			"that-moves-nothing-leaves-the-transaction-usable",
			"counting fewer rows is an answer, not an error",
			advanceUsable,
		},
		{
			"works-after-the-lease-expired",
			"time alone stops nobody: only a successor's fence does, so a slow member without a rival loses no work",
			advanceExpired,
		},
		{
			"locks-in-one-order",
			"rule 1: two workers that lock the same rows in different orders wait for each other for ever",
			advanceOrder,
		},
	}
}

func advanceFrom(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	equal(w.world, w.advance(move(l, 4)), 1, "cursors moved from 1-0 to 1-4")
	equal(w.world, w.advance(move(l, 4)), 0, "cursors moved from 1-0 once more")
	for _, from := range []driver.Position{at(3), at(5), {Epoch: 2, Seq: 4}, {}} {
		wrong := driver.Advance{Partition: orders(0), Fence: l.Fence, From: from, To: at(9)}
		equal(w.world, w.advance(wrong), 0, fmt.Sprintf("cursors moved from %s while it stands at 1-4", from))
	}
	equal(w.world, w.lease(group, orders(0)).Cursor, at(4), "cursor")
}

func advanceFence(w *storeWorld) {
	old := w.acquire(group, orders(0), "a")
	w.elapse(2 * ttl)
	l := w.acquire(group, orders(0), "b")
	for _, fence := range []uint64{old.Fence, l.Fence + 1, 0} {
		wrong := driver.Advance{Partition: orders(0), Fence: fence, From: driver.Start, To: at(1)}
		equal(w.world, w.advance(wrong), 0, fmt.Sprintf("cursors moved under fence %d while it is %d", fence, l.Fence))
	}
	equal(w.world, w.lease(group, orders(0)).Cursor, driver.Start, "cursor")
}

func advanceMany(w *storeWorld) {
	var moves []driver.Advance
	for n := range 4 {
		moves = append(moves, move(w.acquire(group, orders(n), "a"), uint64(10+n)))
	}
	moves[1].From = at(7)                   // wrong
	moves[2].Fence++                        // wrong
	moves[0], moves[3] = moves[3], moves[0] // out of order
	payments := move(w.acquire(group, driver.Partition{Topic: "payments", Number: 1}, "a"), 20)
	unknown := driver.Advance{Partition: driver.Partition{Topic: "unknown"}, Fence: 1, From: driver.Start, To: at(1)}
	equal(w.world, w.advance(append(moves, payments, unknown)...), 3, "cursors moved, of 6 of which 3 were wrong")
	for n, want := range []driver.Position{at(10), driver.Start, driver.Start, at(13)} {
		equal(w.world, w.lease(group, orders(n)).Cursor, want, "cursor of "+orders(n).String())
	}
	equal(w.world, w.lease(group, payments.Partition).Cursor, at(20), "cursor of "+payments.Partition.String())
	equal(w.world, w.advance(), 0, "cursors moved, of none")
}

func advanceChecks(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.advance(move(l, 4))
	l.Cursor = at(4)
	equal(w.world, w.advance(move(l, 4)), 1, "fences found current")
	equal(w.world, w.lease(group, orders(0)).Cursor, at(4), "cursor")
	wrong := move(l, 3)
	wrong.From = at(3)
	equal(w.world, w.advance(wrong), 0, "fences found current with a wrong From")
	l.Fence++
	equal(w.world, w.advance(move(l, 4)), 0, "fences found current that are not")
}

func advanceEpoch(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.advance(move(l, 9))
	back := driver.Position{Epoch: 2, Seq: 5}
	into := driver.Advance{Partition: orders(0), Fence: l.Fence, From: at(9), To: back}
	equal(w.world, w.advance(into), 1, "cursors moved from 1-9 to 2-5")
	equal(w.world, w.lease(group, orders(0)).Cursor, back, "cursor")
}

func advanceRollback(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.undo(func(tx driver.Tx) {
		w.put(tx, "applied", "1")
		equal(w.world, w.advanceIn(tx, move(l, 1)), 1, "cursors moved")
	})
	equal(w.world, w.lease(group, orders(0)).Cursor, driver.Start, "cursor after a rollback")
	equal(w.world, w.advance(move(l, 1)), 1, "cursors moved after a rollback")
}

func advanceUsable(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.in(func(tx driver.Tx) {
		l.Fence++
		equal(w.world, w.advanceIn(tx, move(l, 1)), 0, "cursors moved under a wrong fence")
		w.put(tx, "usable", "yes")
		w.publishIn(tx, orders(0), "a")
	})
	equal(w.world, w.get("usable"), "yes", "state")
	count, _ := pending(w)
	equal(w.world, count, w.queued(1), "pending")
}

func advanceExpired(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.elapse(100 * ttl)
	equal(w.world, w.advance(move(l, 1)), 1, "cursors moved under a lease that expired and was not taken")
}

func advanceOrder(w *storeWorld) {
	var leases []driver.Lease
	for n := range 4 {
		leases = append(leases, w.acquire(group, orders(n), "a"))
	}
	const rounds = 15
	w.each(2, "check fences in opposite orders", func(i int) error {
		list := make([]driver.Advance, len(leases))
		for n, l := range leases {
			list[n] = move(l, 0)
		}
		if i == 1 {
			slices.Reverse(list)
		}
		for range rounds {
			err := w.try(func(ctx context.Context, tx driver.Tx) error {
				moved, err := tx.Advance(ctx, group, list)
				if err == nil && moved != len(list) {
					err = fmt.Errorf("%d fences were found current: want %d", moved, len(list))
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
