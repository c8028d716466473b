package drivertest

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/headrace/headrace/driver"
)

func leaseCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"cursors-are-made-once",
			"rule 12: a group's first cursors are written before it reports ready, and never again",
			leaseEnsure,
		},
		{
			"needs-a-cursor",
			"a lease that is made up when somebody asks for it would start its group at a place that nobody chose",
			leaseWithoutCursor,
		},
		{
			"has-one-holder",
			"promise 5: one owner per partition is what keeps the order",
			leaseExclusive,
		},
		{
			"has-one-winner",
			"members that start together ask for the same partitions",
			leaseRace,
		},
		{
			"expires",
			"a member that died must not keep its partitions",
			leaseExpires,
		},
		{
			"fence-rises-with-every-holder",
			"promise 7: the fence is what tells the owner from one who was",
			leaseFence,
		},
		{
			"given-back-is-clean",
			"a partition that was handed over in order needs no careful start",
			leaseRelease,
		},
		{
			"release-passes-over-what-was-taken",
			"a member that stops late must not give away what belongs to its successor",
			leaseReleaseOld,
		},
		{
			"lost-is-dirty",
			"rule 8: the holder may have died on the event after the cursor, which must then be tried with care",
			leaseDirty,
		},
		{
			"heartbeat-extends-what-is-held",
			"leases live as long as their member, and are extended by one statement",
			leaseHeartbeat,
		},
		{
			"membership-lists-the-living",
			"rendezvous hashing over live members decides who wants which partition: all must see the same",
			leaseMembers,
		},
		{
			"membership-lists-every-lease",
			"hand-over, trimming and lag read who holds what, in all groups",
			leaseSlots,
		},
		{
			"groups-do-not-share",
			"every group has its own cursor, owner and fence",
			leaseGroups,
		},
	}
}

func leaseEnsure(w *storeWorld) {
	big := driver.Position{Epoch: 3, Seq: 1<<53 + 1} // a number that a 64-bit float cannot hold
	first := map[driver.Partition]driver.Position{orders(0): at(7), orders(1): big}
	w.must(w.store.EnsureCursors(w.ctx, group, first), "ensure cursors")
	second := map[driver.Partition]driver.Position{orders(0): at(99), orders(2): driver.Start}
	w.must(w.store.EnsureCursors(w.ctx, group, second), "ensure cursors again")
	for p, want := range map[driver.Partition]driver.Position{orders(0): at(7), orders(1): big, orders(2): driver.Start} {
		l := w.lease(group, p)
		equal(w.world, l.Cursor, want, "cursor of "+p.String())
		equal(w.world, l.Dirty, false, "a new lease is dirty")
		equal(w.world, w.acquire(group, p, "a").Cursor, want, "cursor of the lease of "+p.String())
	}
}

func (w *storeWorld) refused(p driver.Partition, member string) {
	w.Helper()
	_, ok, err := w.store.Acquire(w.ctx, group, p, member, ttl)
	w.must(err, "acquire")
	equal(w.world, ok, false, "acquired, while somebody else holds it")
}

func leaseExclusive(w *storeWorld) {
	a := w.acquire(group, orders(0), "a")
	w.acquire(group, orders(1), "b")
	w.refused(orders(0), "b")
	w.refused(orders(1), "a")
	w.elapse(ttl * 9 / 10)
	w.refused(orders(0), "b")
	equal(w.world, w.lease(group, orders(0)).Fence, a.Fence, "fence after others were refused")
	equal(w.world, w.advance(move(a, 1)), 1, "cursors the holder moved")
}

func leaseRace(w *storeWorld) {
	w.acquire(group, orders(0), "before")
	w.elapse(2 * ttl)
	var winners, fence atomic.Uint64
	w.each(6, "acquire at once", func(i int) error {
		return w.retry(func() error {
			l, ok, err := w.store.Acquire(w.ctx, group, orders(0), fmt.Sprint("member ", i), ttl)
			if ok {
				winners.Add(1)
				fence.Store(l.Fence)
			}
			return err
		})
	})
	equal(w.world, winners.Load(), 1, "members that won")
	equal(w.world, w.lease(group, orders(0)).Fence, fence.Load(), "fence in the row and of the winner")
}

func leaseExpires(w *storeWorld) {
	w.acquire(group, orders(0), "a")
	w.elapse(ttl + ttl/10)
	w.acquire(group, orders(0), "b")
	w.refused(orders(0), "a")
}

func leaseFence(w *storeWorld) {
	last := w.acquire(group, orders(0), "a").Fence
	next := func(l driver.Lease, how string) {
		w.Helper()
		equal(w.world, l.Fence, last+1, "fence "+how)
		last = l.Fence
	}
	w.elapse(2 * ttl)
	next(w.acquire(group, orders(0), "b"), "after the lease expired")
	w.elapse(2 * ttl)
	l := w.acquire(group, orders(0), "b")
	next(l, "when the same member takes it after it expired")
	w.must(w.store.Release(w.ctx, group, []driver.Lease{l}), "release")
	l = w.acquire(group, orders(0), "a")
	next(l, "after the lease was given back")
	w.must(w.store.Release(w.ctx, group, []driver.Lease{l}), "release")
	w.must(w.store.Leave(w.ctx, "a"), "leave")
	next(w.acquire(group, orders(0), "a"), "after its member had left")
	l = w.acquire(group, orders(0), "a")
	next(l, "when its holder takes it again")
	equal(w.world, l.Dirty, true, "a lease that its holder takes again is dirty")
}

func leaseWithoutCursor(w *storeWorld) {
	if l, ok, err := w.store.Acquire(w.ctx, group, orders(3), "a", ttl); err == nil {
		w.Fatalf("acquire a partition without a cursor: got %+v, %v; want an error", l, ok)
	}
	w.acquire(group, orders(2), "a")
	w.acquire(group, orders(0), "a")
	leases, err := w.store.Cursors(w.ctx, group, []driver.Partition{orders(2), orders(3), orders(0)})
	w.must(err, "read cursors")
	var got []string
	for _, l := range leases {
		got = append(got, l.Partition.String())
	}
	w.same(got, []string{"orders/2", "orders/0"}, "cursors of three partitions, of which one does not exist")
}

func leaseRelease(w *storeWorld) {
	a, b := w.acquire(group, orders(0), "a"), w.acquire(group, orders(1), "a")
	equal(w.world, a.Dirty, false, "a lease that nobody held before is dirty")
	equal(w.world, w.advance(move(a, 5)), 1, "cursors moved")
	w.must(w.store.Release(w.ctx, group, []driver.Lease{a, b}), "release")
	for p, cursor := range map[driver.Partition]driver.Position{orders(0): at(5), orders(1): driver.Start} {
		l := w.acquire(group, p, "b")
		equal(w.world, l.Dirty, false, "a lease that was given back is dirty")
		equal(w.world, l.Cursor, cursor, "cursor of a lease that was given back")
	}
}

func leaseReleaseOld(w *storeWorld) {
	a, mine := w.acquire(group, orders(0), "a"), w.acquire(group, orders(1), "a")
	w.elapse(2 * ttl)
	b := w.acquire(group, orders(0), "b")
	w.must(w.store.Release(w.ctx, group, []driver.Lease{a, mine}), "release what somebody else has taken")
	w.refused(orders(0), "c")
	w.acquire(group, orders(1), "c")
	equal(w.world, w.advance(move(b, 1)), 1, "cursors the new holder moved")
}

func leaseDirty(w *storeWorld) {
	w.acquire(group, orders(0), "a")
	w.elapse(2 * ttl)
	b := w.acquire(group, orders(0), "b")
	equal(w.world, b.Dirty, true, "a lease that expired is dirty")
	w.must(w.store.Release(w.ctx, group, []driver.Lease{b}), "release as it was found")
	c := w.acquire(group, orders(0), "c")
	equal(w.world, c.Dirty, true, "a lease that was given back as dirty is dirty")
	c.Dirty = false
	w.must(w.store.Release(w.ctx, group, []driver.Lease{c}), "release")
	equal(w.world, w.acquire(group, orders(0), "d").Dirty, false, "a lease that was given back is dirty")
}

func (w *storeWorld) heartbeat(member string) driver.Membership {
	w.Helper()
	m, err := w.store.Heartbeat(w.ctx, member, ttl)
	w.must(err, "heartbeat")
	return m
}

func leaseHeartbeat(w *storeWorld) {
	w.acquire(group, orders(0), "a")
	w.acquire(other, orders(0), "a")
	w.acquire(group, orders(1), "b")
	for range 3 {
		w.elapse(ttl * 8 / 10)
		w.heartbeat("a")
	}
	w.refused(orders(0), "c")
	_, ok, err := w.store.Acquire(w.ctx, other, orders(0), "c", ttl)
	w.must(err, "acquire")
	equal(w.world, ok, false, "acquired in another group what a heartbeat extended")
	w.acquire(group, orders(1), "c") // b sent no heartbeat, and a's is not for it
	w.heartbeat("b")
	w.refused(orders(1), "a")
	w.elapse(2 * ttl)
	l := w.acquire(group, orders(0), "c")
	equal(w.world, l.Dirty, true, "a lease that expired is dirty")
}

func leaseMembers(w *storeWorld) {
	w.same(w.heartbeat("b").Members, []string{"b"}, "members with one")
	w.heartbeat("c")
	w.same(w.heartbeat("a").Members, []string{"a", "b", "c"}, "members with three")
	w.elapse(ttl * 6 / 10)
	w.heartbeat("a")
	w.elapse(ttl * 6 / 10)
	w.same(w.heartbeat("c").Members, []string{"a", "c"}, "members when one was silent for too long")
	w.must(w.store.Leave(w.ctx, "a"), "leave")
	w.must(w.store.Leave(w.ctx, "nobody"), "leave without having been there")
	w.same(w.heartbeat("c").Members, []string{"c"}, "members when one has left")
}

func leaseSlots(w *storeWorld) {
	a := w.acquire(group, orders(0), "a")
	b := w.acquire(group, orders(1), "b")
	w.acquire(other, orders(0), "c")
	w.must(w.store.EnsureCursors(w.ctx, group, map[driver.Partition]driver.Position{orders(2): at(4)}), "ensure a cursor")
	w.advance(move(a, 3))
	w.must(w.store.Release(w.ctx, group, []driver.Lease{b}), "release")
	want := []string{"billing orders/0 a 1 1-3", "billing orders/1  1 1-0", "billing orders/2  0 1-4", "shipping orders/0 c 1 1-0"}
	w.same(slots(w.heartbeat("a")), want, "leases")
	w.elapse(ttl * 6 / 10)
	w.heartbeat("a")
	w.elapse(ttl * 6 / 10)
	want[3] = "shipping orders/0  1 1-0"
	w.same(slots(w.heartbeat("z")), want, "leases when one has expired")
}

// slots shows leases as group, partition, owner, fence and cursor, except those of the relay.
func slots(m driver.Membership) []string {
	var list []string
	for _, s := range m.Slots {
		if s.Group != driver.RelayGroup {
			list = append(list, fmt.Sprintf("%s %s %s %d %s", s.Group, s.Partition, s.Owner, s.Fence, s.Cursor))
		}
	}
	slices.SortFunc(list, strings.Compare)
	return list
}

func leaseGroups(w *storeWorld) {
	a := w.acquire(group, orders(0), "a")
	b := w.acquire(other, orders(0), "b")
	w.advance(move(a, 4))
	equal(w.world, w.lease(other, orders(0)).Cursor, driver.Start, "cursor of the other group")
	w.must(w.store.Release(w.ctx, other, []driver.Lease{b}), "release in the other group")
	w.refused(orders(0), "b")
	w.acquire(other, orders(0), "c")
	equal(w.world, w.lease(group, orders(0)).Fence, a.Fence, "fence of the first group")
}
