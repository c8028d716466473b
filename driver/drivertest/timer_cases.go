package drivertest

import (
	"time"

	"github.com/headrace/headrace/driver"
)

func timerCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"waits-until-it-is-due",
			"a timeout that fires early undoes what was about to succeed",
			timerWaits,
		},
		{
			"fires-in-the-order-of-due-times",
			"rule 5: delayed events of a key keep the order in which they fall due",
			timerOrder,
		},
		{
			"goes-to-the-end-of-the-outbox",
			"what was published before a timer fell due comes first",
			timerAfterOutbox,
		},
		{
			"can-be-cancelled-while-it-waits",
			"a saga that got its reply takes its timeout back",
			timerCancelled,
		},
		{
			"cancel-says-when-it-is-too-late",
			"rule 5: who cancels must know that the event is on its way",
			timerTooLate,
		},
		{
			"follows-its-transaction",
			"promise 1 holds for delayed events too: scheduling and cancelling are undone with the rest",
			timerRolledBack,
		},
		{
			"fires-once",
			"a timer that is moved twice is an event that happened twice",
			timerOnce,
		},
	}
}

func (w *storeWorld) timer(p driver.Partition, text string, in time.Duration) driver.Timer {
	return driver.Timer{Token: "token " + text, Due: w.clock.Now().Add(in), Message: message(p, "key", text)}
}

func (w *storeWorld) schedule(timers ...driver.Timer) {
	w.Helper()
	w.in(func(tx driver.Tx) { w.must(tx.Schedule(w.ctx, timers), "schedule") })
}

func (w *storeWorld) cancel(text string) (was bool) {
	w.Helper()
	w.in(func(tx driver.Tx) { was = w.cancelIn(tx, text) })
	return was
}

func (w *storeWorld) cancelIn(tx driver.Tx, text string) bool {
	w.Helper()
	was, err := tx.Cancel(w.ctx, "token "+text)
	w.must(err, "cancel")
	return was
}

func timerWaits(w *storeWorld) {
	fence := w.relay()
	a, b := w.timer(orders(0), "a", time.Minute), w.timer(orders(0), "b", time.Hour)
	w.schedule(b, a)
	n := w.number(fence, 100)
	equal(w.world, len(n.Batches), 0, "batches before anything is due")
	if !n.Next.Equal(a.Due) {
		w.Errorf("Next is %v: want %v, when the first timer is due", n.Next, a.Due)
	}
	w.elapse(2 * time.Minute)
	n = w.number(fence, 100)
	w.same(w.journal(orders(0)), []string{"1-1 a"}, "journal when the first timer is due")
	if !n.Next.Equal(b.Due) {
		w.Errorf("Next is %v: want %v, when the second timer is due", n.Next, b.Due)
	}
	w.elapse(time.Hour)
	n = w.number(fence, 100)
	w.same(w.journal(orders(0)), []string{"1-1 a", "1-2 b"}, "journal when both are due")
	if !n.Next.IsZero() {
		w.Errorf("Next is %v: want none, no timer is left", n.Next)
	}
}

func timerOrder(w *storeWorld) {
	w.schedule(w.timer(orders(0), "c", 3*time.Minute), w.timer(orders(0), "a", time.Minute))
	w.schedule(w.timer(orders(0), "d", 4*time.Minute), w.timer(orders(0), "b", 2*time.Minute))
	w.elapse(time.Hour)
	w.number(w.relay(), 100)
	w.same(w.journal(orders(0)), []string{"1-1 a", "1-2 b", "1-3 c", "1-4 d"}, "journal")
}

func timerAfterOutbox(w *storeWorld) {
	w.schedule(w.timer(orders(0), "timer", time.Minute))
	w.publish(orders(0), "a", "b")
	w.elapse(time.Hour)
	fence := w.relay()
	w.number(fence, 2)
	first := []string{"1-1 a", "1-2 b"}
	if w.has.Direct { // they had their numbers before
		first = append(first, "1-3 timer")
	}
	w.same(w.journal(orders(0)), first, "journal after the first step")
	w.publish(orders(0), "c")
	w.number(fence, 100)
	w.same(w.journal(orders(0)), []string{"1-1 a", "1-2 b", "1-3 timer", "1-4 c"}, "journal")
}

func timerCancelled(w *storeWorld) {
	w.schedule(w.timer(orders(0), "a", time.Minute), w.timer(orders(0), "b", time.Minute))
	equal(w.world, w.cancel("a"), true, "cancel of a timer that waits")
	equal(w.world, w.cancel("a"), false, "second cancel")
	equal(w.world, w.cancel("unknown"), false, "cancel of a timer that never was")
	w.in(func(tx driver.Tx) {
		w.must(tx.Schedule(w.ctx, []driver.Timer{w.timer(orders(0), "c", time.Minute)}), "schedule")
		equal(w.world, w.cancelIn(tx, "c"), true, "cancel in the transaction that scheduled")
	})
	w.elapse(time.Hour)
	w.number(w.relay(), 100)
	w.same(w.journal(orders(0)), []string{"1-1 b"}, "journal")
}

func timerTooLate(w *storeWorld) {
	w.schedule(w.timer(orders(0), "a", time.Minute))
	w.elapse(time.Hour)
	w.number(w.relay(), 100)
	w.in(func(tx driver.Tx) {
		equal(w.world, w.cancelIn(tx, "a"), false, "cancel of a timer that has fired")
		w.put(tx, "usable", "yes")
	})
	equal(w.world, w.get("usable"), "yes", "what the transaction did after a cancel that came too late")
	w.same(w.journal(orders(0)), []string{"1-1 a"}, "journal")
}

func timerRolledBack(w *storeWorld) {
	w.undo(func(tx driver.Tx) {
		w.must(tx.Schedule(w.ctx, []driver.Timer{w.timer(orders(0), "never", time.Minute)}), "schedule")
	})
	w.schedule(w.timer(orders(0), "a", time.Minute))
	w.undo(func(tx driver.Tx) { equal(w.world, w.cancelIn(tx, "a"), true, "cancel of a timer that waits") })
	w.elapse(time.Hour)
	w.number(w.relay(), 100)
	w.same(w.journal(orders(0)), []string{"1-1 a"}, "journal")
}

func timerOnce(w *storeWorld) {
	w.schedule(w.timer(orders(0), "a", time.Minute))
	w.elapse(time.Hour)
	old := w.relay()
	w.elapse(2 * ttl)
	fence := w.relay()
	_, err := w.store.Number(w.ctx, old, 100)
	w.wantError(err, driver.ErrFenced, "number under an old fence")
	for range 3 {
		w.number(fence, 100)
	}
	w.same(w.journal(orders(0)), []string{"1-1 a"}, "journal")
	count, _ := pending(w)
	equal(w.world, count, 0, "pending")
}
