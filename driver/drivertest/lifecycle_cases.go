package drivertest

import (
	"fmt"

	"github.com/headrace/headrace/driver"
)

func lifecycleCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"restart-keeps-what-was-committed",
			"promise 23: a process that is killed loses nothing that it committed",
			restartKeeps,
		},
		{
			"restart-loses-what-was-not",
			"promises 1 and 3: what did not commit never happened, and it must not block the next one for ever",
			restartLoses,
		},
		{
			"restart-finds-leases-dirty",
			"rule 8: nobody gave them back, so the event after the cursor may be the one that killed the process",
			restartDirty,
		},
		{
			"handles-share-one-database",
			"several processes of a service are one service",
			secondShares,
		},
		{
			"closed-store-says-so",
			"a goroutine that is late at a stop must learn why it cannot go on",
			closedStore,
		},
	}
}

func restartKeeps(w *storeWorld) {
	l := before(w)
	w.publish(orders(2), "numbered")
	w.number(w.relay(), 100)
	w.tries(l, at(1))
	w.in(func(tx driver.Tx) { everything(w, tx, l) })
	w.restart()
	want := []string{"new", "[1-1 event] [1-1 new]", "1-9", "[1-1 dead 1-3 dead]", "1 foreign"}
	w.same(outcome(w), want, "after a restart")
	w.same(w.journal(orders(2)), []string{"1-1 numbered"}, "journal after a restart")
	err := w.store.Setup(w.ctx, driver.Setup{Service: "orders", Owns: []driver.TopicSize{{Topic: owned, Partitions: 5}}})
	w.wantError(err, driver.ErrPartitions, "set up with another number of partitions after a restart")
}

func restartLoses(w *storeWorld) {
	l := before(w)
	tx := w.begin(driver.TxOptions{})
	everything(w, tx, l)
	w.restart()
	if err := tx.Commit(w.ctx); err == nil {
		w.Error("a transaction of a process that died has committed")
	}
	w.same(outcome(w), untouched(), "after a restart")
}

func restartDirty(w *storeWorld) {
	l := w.acquire(group, orders(0), "a")
	w.advance(move(l, 4))
	l.Cursor = at(4)
	w.tries(l, at(5))
	w.restart()
	w.elapse(2 * ttl)
	next := w.acquire(group, orders(0), "a")
	want := fmt.Sprint(l.Fence+1, at(4), true, at(5), 1)
	equal(w.world, fmt.Sprint(next.Fence, next.Cursor, next.Dirty, next.Trying, next.Tries), want, "lease after a restart")
	equal(w.world, w.advance(move(l, 9)), 0, "cursors moved under the fence of the process that died")
}

func secondShares(w *storeWorld) {
	second := w.store
	if w.db.Second != nil {
		second = w.db.Second()
		w.must(second.Setup(w.ctx, setup()), "set up the second store")
	}
	w.publish(orders(0), "a")
	first, fence := w.store, w.relay()
	w.store = second
	w.refusedRelay()
	w.publish(orders(0), "b")
	w.store = first
	w.number(fence, 100)
	w.store = second
	w.same(w.journal(orders(0)), []string{"1-1 a", "1-2 b"}, "journal, read by the second store")
}

func (w *storeWorld) refusedRelay() {
	w.Helper()
	_, ok, err := w.store.Acquire(w.ctx, driver.RelayGroup, driver.RelayLease, "another relay", ttl)
	w.must(err, "acquire")
	equal(w.world, ok, false, "acquired the relay's lease, while somebody else holds it")
}

func closedStore(w *storeWorld) {
	w.publish(orders(0), "a")
	w.must(w.store.Close(), "close")
	_, err := w.store.Begin(w.ctx, driver.TxOptions{})
	w.wantError(err, driver.ErrClosed, "begin after Close")
	_, err = w.store.Heads(w.ctx)
	w.wantError(err, driver.ErrClosed, "heads after Close")
}
