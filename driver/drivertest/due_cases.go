package drivertest

import (
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

func dueCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"comes-when-its-time-has-come",
			"a retry that is early hammers what is down; one that never comes is a lost event",
			dueComes,
		},
		{
			"is-only-what-retries-or-is-discarded",
			"a waiting event that is run before its head breaks the order; a dead one needs a person",
			dueStates,
		},
		{
			"earliest-first-up-to-limit",
			"after an outage thousands are due at once: they are run in turns, and the oldest is not starved",
			dueLimit,
		},
		{
			"is-asked-by-partition",
			"an owner runs parked events of its own partitions only",
			duePartitions,
		},
		{
			"tells-which-partitions-hold-keys",
			"an owner whose partitions hold nothing need not ask for held keys at every batch",
			dueHolding,
		},
		{
			"is-vacant-only-when-nothing-is-parked",
			"an owner who trusts a wrong vacancy leaves a redriven event lying",
			dueVacant,
		},
	}
}

func (w *storeWorld) due(limit int, partitions ...driver.Partition) driver.ParkedSummary {
	w.Helper()
	s, err := w.store.DueParked(w.ctx, group, partitions, limit)
	w.must(err, "ask for due events")
	return s
}

// dueIn is a parked event that is due after a while.
func (w *storeWorld) dueIn(seq uint64, d time.Duration) driver.Parked {
	e := w.parked(seq, fmt.Sprint("key ", seq), driver.Retrying)
	e.Due = w.clock.Now().UTC().Add(d).Truncate(time.Microsecond)
	return e
}

func dueComes(w *storeWorld) {
	a, b := w.dueIn(1, time.Minute), w.dueIn(2, time.Hour)
	w.park(b, a)
	s := w.due(10, orders(0))
	w.same(places(s.Due), nil, "due at once")
	equal(w.world, when(s.Next), when(a.Due), "Next at once")
	w.elapse(2 * time.Minute)
	s = w.due(10, orders(0))
	equal(w.world, len(s.Due), 1, "events due after two minutes")
	equal(w.world, describe(s.Due[0]), describe(a), "the event that is due")
	equal(w.world, when(s.Next), when(b.Due), "Next after two minutes")
	w.elapse(time.Hour)
	s = w.due(10, orders(0))
	w.same(places(s.Due), []string{"orders/0 1-1", "orders/0 1-2"}, "due after an hour")
	equal(w.world, when(s.Next), "never", "Next after an hour")
}

func dueStates(w *storeWorld) {
	var events []driver.Parked
	for i, state := range []driver.ParkState{driver.Waiting, driver.Dead, driver.Discarding, driver.Retrying} {
		e := w.dueIn(uint64(i+1), time.Duration(i)*time.Second)
		e.State = state
		events = append(events, e)
	}
	w.park(events...)
	w.elapse(time.Minute)
	s := w.due(10, orders(0))
	w.same(places(s.Due), []string{"orders/0 1-3", "orders/0 1-4"}, "due, of one in each state")
	equal(w.world, s.Due[0].State, driver.Discarding, "state of the first")
	equal(w.world, when(s.Next), "never", "Next")
}

func dueLimit(w *storeWorld) {
	w.park(w.dueIn(1, 3*time.Minute), w.dueIn(2, time.Minute), w.dueIn(3, 4*time.Minute), w.dueIn(4, 2*time.Minute))
	third := w.dueIn(1, 3*time.Minute).Due
	w.elapse(time.Hour)
	s := w.due(2, orders(0))
	w.same(places(s.Due), []string{"orders/0 1-2", "orders/0 1-4"}, "due, at most two")
	equal(w.world, when(s.Next), when(third), "Next, which is the first that was not returned")
}

func duePartitions(w *storeWorld) {
	a, b, c := w.dueIn(1, time.Minute), w.dueIn(2, 2*time.Minute), w.dueIn(3, 3*time.Minute)
	b.Partition, c.Partition = orders(1), driver.Partition{Topic: "payments", Number: 0}
	w.park(a, b, c)
	s := w.due(10, orders(1), orders(2))
	equal(w.world, when(s.Next), when(b.Due), "Next of partitions 1 and 2")
	w.elapse(time.Hour)
	w.same(places(w.due(10, orders(1), orders(2)).Due), []string{"orders/1 1-2"}, "due of partitions 1 and 2")
	w.same(places(w.due(10, c.Partition, orders(0)).Due), []string{"orders/0 1-1", "payments/0 1-3"}, "due of two topics")
	w.same(places(w.due(10).Due), nil, "due of no partition")
}

func dueVacant(w *storeWorld) {
	dead := w.parked(1, "a", driver.Dead)
	dead.Holds = false
	w.park(dead)
	equal(w.world, w.due(10, orders(0)).Vacant, false, "vacant, with a dead event")
	equal(w.world, w.due(10, orders(3)).Vacant, false, "vacant, with a dead event of another partition")
}

func dueHolding(w *storeWorld) {
	waiting, dead, free := w.parked(1, "a", driver.Waiting), w.parked(2, "b", driver.Dead), w.parked(3, "c", driver.Dead)
	dead.Partition, free.Partition, free.Holds = orders(1), orders(2), false
	w.park(waiting, dead, free)
	holding := w.due(10, orders(0), orders(1), orders(2), orders(3)).Holding
	for n, want := range []bool{true, true, false, false} {
		equal(w.world, holding[orders(n)], want, orders(n).String()+" holds a key")
	}
}
