package drivertest

import (
	"fmt"

	"github.com/headrace/headrace/driver"
)

func tryCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"counts-tries-without-an-answer",
			"promise 11: an event that kills the process is set aside after three crashes; a count in memory dies with it",
			tryCounts,
		},
		{
			"is-cleared-with-the-effect",
			"an event that succeeded at the second try did not crash anything",
			tryCleared,
		},
		{
			"stays-when-only-the-fence-is-checked",
			"running a parked event must not forget that the next one killed the process before",
			tryStays,
		},
		{
			"needs-the-fence",
			"a member that lost its partition must not count against an event that its successor runs",
			tryFenced,
		},
		{
			"of-a-parked-event-counts-too",
			"a parked event can kill the process as well as a new one",
			tryParkedCounts,
		},
		{
			"of-a-parked-event-needs-the-fence",
			"two members that run the same parked event apply it twice",
			tryParkedFenced,
		},
	}
}

func (w *storeWorld) tries(l driver.Lease, p driver.Position) int {
	w.Helper()
	n, err := w.store.Try(w.ctx, group, l, p)
	w.must(err, "try")
	return n
}

func (w *storeWorld) wantMark(p driver.Position, tries int, when string) {
	w.Helper()
	l := w.lease(group, orders(0))
	equal(w.world, fmt.Sprint(l.Trying, " ", l.Tries), fmt.Sprint(p, " ", tries), "mark of the lease "+when)
}

func tryCounts(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.wantMark(driver.Position{}, 0, "at first")
	equal(w.world, w.tries(l, at(1)), 1, "tries of 1-1")
	w.elapse(2 * ttl)
	l = w.acquire(group, orders(0), "b")
	equal(w.world, fmt.Sprint(l.Dirty, l.Trying, l.Tries), "true 1-1 1", "what the successor is told")
	equal(w.world, w.tries(l, at(1)), 2, "tries of 1-1 by the successor")
	w.wantMark(at(1), 2, "after two tries")
	equal(w.world, w.tries(l, at(2)), 1, "tries of another position")
	w.wantMark(at(2), 1, "after a try of another position")
}

func tryCleared(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.tries(l, at(1))
	w.undo(func(tx driver.Tx) { w.advanceIn(tx, move(l, 1)) })
	w.wantMark(at(1), 1, "after a rollback")
	w.advance(driver.Advance{Partition: orders(0), Fence: l.Fence, From: at(8), To: at(9)})
	w.wantMark(at(1), 1, "after an Advance that moved nothing")
	w.advance(move(l, 1))
	w.wantMark(driver.Position{}, 0, "after a commit")
	equal(w.world, w.tries(l, at(2)), 1, "tries of the next position")
}

func tryStays(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.tries(l, at(1))
	equal(w.world, w.advance(move(l, 0)), 1, "fences found current")
	w.wantMark(at(1), 1, "after a check of the fence")
	equal(w.world, w.tries(l, at(1)), 2, "tries")
}

func tryFenced(w *storeWorld) {
	old := w.acquire(group, orders(0), "a")
	w.elapse(2 * ttl)
	l := w.acquire(group, orders(0), "b")
	w.tries(l, at(1))
	_, err := w.store.Try(w.ctx, group, old, at(1))
	w.wantError(err, driver.ErrFenced, "try under an old fence")
	w.wantMark(at(1), 1, "after a try under an old fence")
}

func tryParkedCounts(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.park(w.parked(1, "k", driver.Retrying), w.parked(2, "other", driver.Retrying))
	for want := 1; want <= 2; want++ {
		n, err := w.store.TryParked(w.ctx, group, l, at(1))
		w.must(err, "try a parked event")
		equal(w.world, n, want, "tries of a parked event")
	}
	list := w.list(driver.ParkedFilter{})
	equal(w.world, list[0].Tries, 2, "Tries of the parked event")
	equal(w.world, list[1].Tries, 0, "Tries of another parked event")
	answered := list[0]
	answered.Attempts, answered.Tries = 3, 0
	w.in(func(tx driver.Tx) { w.must(tx.Repark(w.ctx, group, answered), "repark") })
	n, err := w.store.TryParked(w.ctx, group, l, at(1))
	w.must(err, "try a parked event")
	equal(w.world, n, 1, "tries of a parked event after an answer")
}

func tryParkedFenced(w *storeWorld) {
	old := w.acquire(group, orders(0), "a")
	w.park(w.parked(1, "k", driver.Retrying))
	w.elapse(2 * ttl)
	w.acquire(group, orders(0), "b")
	_, err := w.store.TryParked(w.ctx, group, old, at(1))
	w.wantError(err, driver.ErrFenced, "try a parked event under an old fence")
	equal(w.world, w.list(driver.ParkedFilter{})[0].Tries, 0, "Tries after a try under an old fence")
}
