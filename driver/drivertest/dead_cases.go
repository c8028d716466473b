package drivertest

import (
	"fmt"
	"slices"

	"github.com/headrace/headrace/driver"
)

func deadCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"redriven-events-are-due-at-once",
			"promise 13: a person who has repaired the cause has the dead events run again, from the first attempt",
			deadRedriven,
		},
		{
			"discarded-events-wait-for-their-owner",
			"rule 9: a discard goes through the partition's loop, so that it never races with a retry",
			deadDiscarded,
		},
		{
			"only-selected-dead-events-are-released",
			"a redrive of one cause must not touch the events of another, nor what is not dead",
			deadSelected,
		},
		{
			"of-another-group-stay",
			"promise 13: a redrive runs only the group that failed",
			deadGroups,
		},
	}
}

func (w *storeWorld) releaseDead(f driver.ParkedFilter, to driver.ParkState) int {
	w.Helper()
	n, err := w.store.ReleaseDead(w.ctx, group, f, to)
	w.must(err, "release dead events")
	return n
}

func deadRedriven(w *storeWorld) {
	dead := w.parked(1, "k", driver.Dead)
	dead.Attempts = 10
	w.park(dead, w.parked(2, "k", driver.Waiting))
	equal(w.world, w.releaseDead(driver.ParkedFilter{}, driver.Retrying), 1, "dead events released")
	s := w.due(10, orders(0))
	w.same(places(s.Due), []string{"orders/0 1-1"}, "due")
	e := s.Due[0]
	equal(w.world, fmt.Sprintf("%s %d %v", e.State, e.Attempts, e.Holds), "retrying 0 true", "state, attempts and Holds")
	equal(w.world, fmt.Sprintf("%q %q", e.Entry.Meta, e.Entry.Data), fmt.Sprintf("%q %q", dead.Entry.Meta, dead.Entry.Data), "entry")
	equal(w.world, w.releaseDead(driver.ParkedFilter{}, driver.Retrying), 0, "dead events released once more")
	w.same(states(w), []string{"1-1 retrying", "1-2 waiting"}, "states")
}

func states(w *storeWorld) []string {
	w.Helper()
	var list []string
	for _, e := range w.list(driver.ParkedFilter{}) {
		list = append(list, fmt.Sprint(e.Entry.Position, " ", e.State))
	}
	return list
}

func deadDiscarded(w *storeWorld) {
	w.park(w.parked(1, "k", driver.Dead), w.parked(2, "k", driver.Waiting))
	equal(w.world, w.releaseDead(driver.ParkedFilter{EventID: "id-1"}, driver.Discarding), 1, "dead events released")
	s := w.due(10, orders(0))
	w.same(places(s.Due), []string{"orders/0 1-1"}, "due")
	equal(w.world, s.Due[0].State, driver.Discarding, "state")
	equal(w.world, s.Holding[orders(0)], true, "the partition holds a key")
}

func deadSelected(w *storeWorld) {
	w.park(
		w.parked(1, "a", driver.Dead), w.parked(2, "b", driver.Dead), w.parked(3, "c", driver.Dead),
		w.parked(4, "d", driver.Retrying), w.parked(5, "e", driver.Waiting),
	)
	equal(w.world, w.releaseDead(driver.ParkedFilter{Key: "b"}, driver.Retrying), 1, "dead events released, by key")
	equal(w.world, w.releaseDead(driver.ParkedFilter{Key: "d"}, driver.Retrying), 0, "dead events released, of a key without any")
	equal(w.world, w.releaseDead(driver.ParkedFilter{State: driver.Waiting}, driver.Retrying), 0, "dead events released, among waiting ones")
	want := []string{"1-1 dead", "1-2 retrying", "1-3 dead", "1-4 retrying", "1-5 waiting"}
	w.same(states(w), want, "states")
	equal(w.world, w.releaseDead(driver.ParkedFilter{Limit: 1}, driver.Retrying), 1, "dead events released, at most one")
	want[0] = "1-1 retrying"
	w.same(states(w), want, "states")
	due := slices.Sorted(slices.Values(places(w.due(10, orders(0)).Due))) // 1-2 was released first, but on some clocks at the same time
	w.same(due, []string{"orders/0 1-1", "orders/0 1-2"}, "due: the retrying one that nobody released is not")
}

func deadGroups(w *storeWorld) {
	w.in(func(tx driver.Tx) {
		for _, g := range []string{group, other} {
			w.must(tx.Park(w.ctx, g, []driver.Parked{w.parked(1, "k", driver.Dead)}), "park")
		}
	})
	equal(w.world, w.releaseDead(driver.ParkedFilter{}, driver.Retrying), 1, "dead events released")
	list, err := w.store.ListParked(w.ctx, other, driver.ParkedFilter{})
	w.must(err, "list parked events")
	equal(w.world, list[0].State, driver.Dead, "state in the other group")
}
