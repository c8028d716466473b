package drivertest

import (
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

func parkCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"keeps-everything-of-an-event",
			"promise 13: a parked event is run again with the metadata as it was, and a person must see why it failed",
			parkKeeps,
		},
		{
			"an-event-is-parked-once",
			"an event that is parked a second time comes from a batch that was applied already: it must not commit",
			parkTwice,
		},
		{
			"follows-its-transaction",
			"an event is parked in the transaction that moves the cursor past it: neither without the other",
			parkRolledBack,
		},
		{
			"held-names-exactly-the-held-keys",
			"promise 5: a key that is not named lets its later events overtake the parked one",
			parkHeld,
		},
		{
			"held-sees-its-own-transaction",
			"an event parked earlier in a batch holds the later events of the same batch",
			parkHeldInside,
		},
		{
			"held-takes-many-keys",
			"one query asks for all keys of a batch over several partitions",
			parkHeldMany,
		},
		{
			"queue-is-in-order-of-position",
			"promise 5: what waited is released in the order in which it was published",
			parkQueue,
		},
		{
			"unpark-removes-only-what-it-names",
			"an event that is removed without having been applied is lost",
			parkUnpark,
		},
		{
			"repark-replaces-only-what-may-change",
			"promise 13: the event and when it was first parked stay as they were through every retry",
			parkRepark,
		},
		{
			"groups-do-not-share",
			"promise 10: what fails in one group concerns no other",
			parkGroups,
		},
		{
			"list-selects",
			"a person looks for one event among thousands",
			parkList,
		},
	}
}

// parked is an event of partition 0 as the engine parks it.
func (w *storeWorld) parked(seq uint64, key string, state driver.ParkState) driver.Parked {
	now := w.clock.Now().UTC().Truncate(time.Microsecond)
	e := driver.Parked{
		Partition: orders(0),
		Entry:     driver.Entry{Position: at(seq), Meta: fmt.Append(nil, "about ", seq), Data: fmt.Append(nil, "data \x00\xff ", seq)},
		EventID:   fmt.Sprint("id-", seq),
		Key:       key,
		State:     state,
		Holds:     true,
		ParkedAt:  now,
	}
	if state != driver.Waiting {
		e.Attempts, e.Handler, e.Reason, e.Error = 2, "orders/order.placed", "failed", "it's\nbroken"
		e.Due, e.FailedAt = now.Add(time.Minute), now.Add(-time.Second)
	}
	return e
}

func (w *storeWorld) park(events ...driver.Parked) {
	w.Helper()
	w.in(func(tx driver.Tx) { w.parkIn(tx, events...) })
}

func (w *storeWorld) parkIn(tx driver.Tx, events ...driver.Parked) {
	w.Helper()
	w.must(tx.Park(w.ctx, group, events), "park")
}

func (w *storeWorld) list(f driver.ParkedFilter) []driver.Parked {
	w.Helper()
	list, err := w.store.ListParked(w.ctx, group, f)
	w.must(err, "list parked events")
	return list
}

// places shows where parked events stand.
func places(events []driver.Parked) []string {
	var list []string
	for _, e := range events {
		list = append(list, fmt.Sprint(e.Partition, " ", e.Entry.Position))
	}
	return list
}

// describe shows all of a parked event.
func describe(e driver.Parked) string {
	return fmt.Sprintf("%s %s meta %q data %q id %q key %q state %q holds %v attempts %d tries %d due %s handler %q reason %q error %q parked %s failed %s",
		e.Partition, e.Entry.Position, e.Entry.Meta, e.Entry.Data, e.EventID, e.Key, e.State, e.Holds, e.Attempts, e.Tries,
		when(e.Due), e.Handler, e.Reason, e.Error, when(e.ParkedAt), when(e.FailedAt))
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func parkKeeps(w *storeWorld) {
	a, b := w.parked(1, "k", driver.Retrying), w.parked(2, "k", driver.Waiting)
	c := w.parked(3, "it's é\\", driver.Dead)
	c.Holds, c.Tries, c.Entry.Data = false, 4, nil
	far := w.parked(1<<53+1, "far", driver.Dead)
	far.Entry.Position.Epoch = 3
	w.park(a, b, c, far)
	list := w.list(driver.ParkedFilter{})
	equal(w.world, len(list), 4, "parked events")
	for i, want := range []driver.Parked{a, b, c, far} {
		equal(w.world, describe(list[i]), describe(want), "a parked event")
	}
}

func parkTwice(w *storeWorld) {
	first := w.parked(1, "k", driver.Retrying)
	w.park(first)
	tx := w.begin(driver.TxOptions{})
	if err := tx.Park(w.ctx, group, []driver.Parked{w.parked(1, "k", driver.Dead)}); err == nil {
		w.Error("park an event that is parked already: want an error")
	}
	w.must(tx.Rollback(w.ctx), "roll back")
	list := w.list(driver.ParkedFilter{})
	equal(w.world, len(list), 1, "parked events")
	equal(w.world, describe(list[0]), describe(first), "the parked event")
}

func parkRolledBack(w *storeWorld) {
	w.park(w.parked(1, "a", driver.Retrying))
	w.undo(func(tx driver.Tx) {
		w.parkIn(tx, w.parked(2, "b", driver.Retrying))
		w.must(tx.Unpark(w.ctx, group, orders(0), []driver.Position{at(1)}), "unpark")
	})
	list := w.list(driver.ParkedFilter{})
	w.same(places(list), []string{"orders/0 1-1"}, "parked events after a rollback")
}

func (w *storeWorld) held(tx driver.Tx, keys map[driver.Partition][]string) map[driver.Partition]map[string]bool {
	w.Helper()
	held, err := tx.Held(w.ctx, group, keys)
	w.must(err, "ask for held keys")
	sets := map[driver.Partition]map[string]bool{}
	for p, list := range held {
		sets[p] = map[string]bool{}
		for _, key := range list {
			sets[p][key] = true
		}
	}
	return sets
}

func parkHeld(w *storeWorld) {
	elsewhere := w.parked(4, "elsewhere", driver.Waiting)
	elsewhere.Partition = orders(1)
	skipped := w.parked(3, "skipped", driver.Dead)
	skipped.Holds = false
	w.park(w.parked(1, "retrying", driver.Retrying), w.parked(2, "dead", driver.Dead), skipped, elsewhere)
	keys := []string{"retrying", "dead", "skipped", "elsewhere", "free"}
	check := func(tx driver.Tx) {
		held := w.held(tx, map[driver.Partition][]string{orders(0): keys, orders(1): keys, orders(2): keys})
		equal(w.world, fmt.Sprint(held[orders(0)]), "map[dead:true retrying:true]", "held keys of partition 0")
		equal(w.world, fmt.Sprint(held[orders(1)]), "map[elsewhere:true]", "held keys of partition 1")
		equal(w.world, len(held[orders(2)]), 0, "held keys of partition 2")
		held = w.held(tx, map[driver.Partition][]string{orders(0): {"dead"}})
		equal(w.world, fmt.Sprint(held), "map[orders/0:map[dead:true]]", "held keys among one")
		equal(w.world, len(w.held(tx, nil)), 0, "held keys among none")
	}
	w.in(check)
	w.view(check)
}

func parkHeldInside(w *storeWorld) {
	w.park(w.parked(1, "released", driver.Retrying))
	keys := map[driver.Partition][]string{orders(0): {"released", "parked"}}
	w.in(func(tx driver.Tx) {
		w.must(tx.Unpark(w.ctx, group, orders(0), []driver.Position{at(1)}), "unpark")
		w.parkIn(tx, w.parked(2, "parked", driver.Retrying))
		equal(w.world, fmt.Sprint(w.held(tx, keys)), "map[orders/0:map[parked:true]]", "held keys inside the transaction")
	})
}

func parkHeldMany(w *storeWorld) {
	const many = 1024
	keys := map[driver.Partition][]string{}
	var events []driver.Parked
	for n := range 4 {
		for i := range many {
			keys[orders(n)] = append(keys[orders(n)], fmt.Sprint("key ", i))
		}
		e := w.parked(uint64(n+1), fmt.Sprint("key ", n*100), driver.Dead)
		e.Partition = orders(n)
		events = append(events, e)
	}
	w.park(events...)
	w.view(func(tx driver.Tx) {
		held := w.held(tx, keys)
		for n := range 4 {
			equal(w.world, fmt.Sprint(held[orders(n)]), fmt.Sprintf("map[key %d:true]", n*100), "held keys of "+orders(n).String())
		}
	})
}

func parkQueue(w *storeWorld) {
	elsewhere := w.parked(2, "k", driver.Waiting)
	elsewhere.Partition = orders(1)
	later := w.parked(3, "k", driver.Waiting)
	later.Entry.Position.Epoch = 2
	w.park(later, w.parked(10, "k", driver.Waiting), w.parked(1, "k", driver.Retrying), elsewhere, w.parked(3, "other", driver.Waiting))
	w.park(w.parked(9, "k", driver.Waiting), w.parked(4, "k", driver.Waiting), w.parked(2, "k", driver.Dead))
	check := func(tx driver.Tx, limit int, want ...string) {
		w.Helper()
		queue, err := tx.Queue(w.ctx, group, orders(0), "k", limit)
		w.must(err, "read the queue of a key")
		w.same(places(queue), want, fmt.Sprint("queue of a key, at most ", limit))
	}
	w.view(func(tx driver.Tx) {
		check(tx, 100, "orders/0 1-4", "orders/0 1-9", "orders/0 1-10", "orders/0 2-3")
		check(tx, 2, "orders/0 1-4", "orders/0 1-9")
	})
	w.in(func(tx driver.Tx) {
		w.must(tx.Unpark(w.ctx, group, orders(0), []driver.Position{at(4)}), "unpark")
		check(tx, 100, "orders/0 1-9", "orders/0 1-10", "orders/0 2-3")
	})
}

func parkUnpark(w *storeWorld) {
	elsewhere := w.parked(2, "k", driver.Waiting)
	elsewhere.Partition = orders(1)
	w.park(w.parked(1, "k", driver.Retrying), w.parked(2, "k", driver.Waiting), w.parked(3, "k", driver.Waiting), elsewhere)
	w.in(func(tx driver.Tx) {
		w.must(tx.Unpark(w.ctx, group, orders(0), []driver.Position{at(1), at(2), at(77)}), "unpark")
	})
	w.same(places(w.list(driver.ParkedFilter{})), []string{"orders/0 1-3", "orders/1 1-2"}, "parked events")
}

func parkRepark(w *storeWorld) {
	old := w.parked(1, "k", driver.Retrying)
	w.park(old, w.parked(2, "k", driver.Waiting))
	changed := driver.Parked{
		Partition: orders(0),
		Entry:     driver.Entry{Position: at(1), Meta: []byte("another"), Data: []byte("another")},
		EventID:   "another", Key: "another",
		State: driver.Dead, Holds: false, Attempts: 10, Tries: 1, Due: old.Due.Add(time.Hour),
		Handler: "orders/order.paid", Reason: "out of attempts", Error: "worse",
		ParkedAt: old.ParkedAt.Add(time.Hour), FailedAt: old.FailedAt.Add(time.Hour),
	}
	w.in(func(tx driver.Tx) { w.must(tx.Repark(w.ctx, group, changed), "repark") })
	want := changed
	want.Entry, want.EventID, want.Key, want.ParkedAt = old.Entry, old.EventID, old.Key, old.ParkedAt
	list := w.list(driver.ParkedFilter{})
	equal(w.world, len(list), 2, "parked events")
	equal(w.world, describe(list[0]), describe(want), "the event that was reparked")
	equal(w.world, describe(list[1]), describe(w.parked(2, "k", driver.Waiting)), "the event behind it")
	w.undo(func(tx driver.Tx) { w.must(tx.Repark(w.ctx, group, old), "repark") })
	equal(w.world, describe(w.list(driver.ParkedFilter{})[0]), describe(want), "the event after a rollback")
}

func parkGroups(w *storeWorld) {
	w.park(w.parked(1, "k", driver.Dead))
	w.in(func(tx driver.Tx) {
		held, err := tx.Held(w.ctx, other, map[driver.Partition][]string{orders(0): {"k"}})
		w.must(err, "ask for held keys")
		equal(w.world, len(held[orders(0)]), 0, "keys held in the other group")
		w.must(tx.Park(w.ctx, other, []driver.Parked{w.parked(1, "k", driver.Retrying)}), "park the same event in the other group")
		w.must(tx.Unpark(w.ctx, other, orders(0), []driver.Position{at(1)}), "unpark in the other group")
	})
	w.same(places(w.list(driver.ParkedFilter{})), []string{"orders/0 1-1"}, "parked events of the first group")
	list, err := w.store.ListParked(w.ctx, other, driver.ParkedFilter{})
	w.must(err, "list parked events")
	w.same(places(list), nil, "parked events of the other group")
}

func parkList(w *storeWorld) {
	a, b := w.parked(1, "x", driver.Dead), w.parked(2, "x", driver.Waiting)
	c, d := w.parked(3, "y", driver.Dead), w.parked(1, "x", driver.Retrying)
	c.Partition, d.Partition = orders(1), driver.Partition{Topic: "payments", Number: 0}
	d.EventID = "payment"
	w.park(d, c, b, a)
	for _, s := range []struct {
		filter driver.ParkedFilter
		want   []string
	}{
		{driver.ParkedFilter{}, []string{"orders/0 1-1", "orders/0 1-2", "orders/1 1-3", "payments/0 1-1"}},
		{driver.ParkedFilter{State: driver.Dead}, []string{"orders/0 1-1", "orders/1 1-3"}},
		{driver.ParkedFilter{Topic: "payments"}, []string{"payments/0 1-1"}},
		{driver.ParkedFilter{EventID: "id-2"}, []string{"orders/0 1-2"}},
		{driver.ParkedFilter{Key: "x"}, []string{"orders/0 1-1", "orders/0 1-2", "payments/0 1-1"}},
		{driver.ParkedFilter{Position: at(1)}, []string{"orders/0 1-1", "payments/0 1-1"}},
		{driver.ParkedFilter{Key: "x", State: driver.Waiting}, []string{"orders/0 1-2"}},
		{driver.ParkedFilter{Limit: 3}, []string{"orders/0 1-1", "orders/0 1-2", "orders/1 1-3"}},
		{driver.ParkedFilter{State: driver.Dead, Limit: 1}, []string{"orders/0 1-1"}},
		{driver.ParkedFilter{Topic: "nothing"}, nil},
	} {
		w.same(places(w.list(s.filter)), s.want, fmt.Sprintf("parked events that %+v selects", s.filter))
	}
}
