package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/headrace/headrace/driver"
)

func numberCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"is-dense-in-every-partition",
			"a reader takes a missing number for a loss and reads history for ever; lag is arithmetic on these numbers",
			numberDense,
		},
		{
			"says-what-it-did",
			"what Number returns goes to the broker: it must be what the journal has, partition by partition, rising",
			numberTells,
		},
		{
			"takes-the-oldest-first-up-to-limit",
			"the relay works in steps; it must know whether to go on, and nothing may be overtaken",
			numberLimit,
		},
		{
			"does-nothing-under-an-old-fence",
			"rule 3: a relay that was paused and wakes up must not number beside its successor",
			numberFenced,
		},
		{
			"is-fenced-with-an-empty-outbox-too",
			"an idle relay learns that it was replaced",
			numberFencedEmpty,
		},
		{
			"leaves-no-hole-when-relays-race",
			"rule 3: two leaders that number the same rows leave a number without an event, which no history fills",
			numberRace,
		},
		{
			"with-nothing-to-do-does-nothing",
			"the relay polls: an empty outbox is its usual case",
			numberNothing,
		},
	}
}

func numberDense(w *storeWorld) {
	fence := w.relay()
	for round := range 3 {
		for n := range 4 {
			w.publish(orders(n), fmt.Sprint("a", round), fmt.Sprint("b", round))
		}
		w.number(fence, 1000)
	}
	for n := range 4 {
		want := []string{"1-1 a0", "1-2 b0", "1-3 a1", "1-4 b1", "1-5 a2", "1-6 b2"}
		w.same(w.journal(orders(n)), want, "journal of "+orders(n).String())
	}
	w.same(heads(w), []string{"orders/0 1-6", "orders/1 1-6", "orders/2 1-6", "orders/3 1-6"}, "heads")
}

func numberTells(w *storeWorld) {
	w.in(func(tx driver.Tx) {
		w.publishIn(tx, orders(2), "a")
		w.publishIn(tx, orders(0), "b")
		w.publishIn(tx, orders(2), "c", "d")
	})
	n := w.number(w.relay(), 1000)
	if n.More || !n.Next.IsZero() {
		w.Errorf("More is %v and Next %v: want neither, the outbox is empty and there are no timers", n.More, n.Next)
	}
	seen := map[driver.Partition][]string{}
	for _, b := range n.Batches {
		if seen[b.Partition] != nil {
			w.Fatalf("%s is there in two batches", b.Partition)
		}
		seen[b.Partition] = showEntries(b.Entries)
	}
	equal(w.world, len(seen), 2, "partitions in batches")
	w.same(seen[orders(2)], []string{"1-1 a", "1-2 c", "1-3 d"}, "batch of partition 2")
	w.same(seen[orders(0)], []string{"1-1 b"}, "batch of partition 0")
	for _, b := range n.Batches {
		for _, e := range b.Entries {
			equal(w.world, string(e.Meta), "about "+string(e.Data), "metadata of "+show(e))
		}
	}
}

func numberLimit(w *storeWorld) {
	for _, text := range []string{"a", "b", "c", "d", "e"} {
		w.publish(orders(int(text[0])%2), text) // a, c and e in partition 1, the others in 0
	}
	fence := w.relay()
	for i, want := range []struct {
		zero, one []string
		more      bool
	}{
		{[]string{"1-1 b"}, []string{"1-1 a"}, true},
		{[]string{"1-1 b", "1-2 d"}, []string{"1-1 a", "1-2 c"}, true},
		{[]string{"1-1 b", "1-2 d"}, []string{"1-1 a", "1-2 c", "1-3 e"}, false},
	} {
		n := w.number(fence, 2)
		equal(w.world, n.More, want.more, fmt.Sprint("More of step ", i+1))
		if w.has.Direct {
			want.zero, want.one = []string{"1-1 b", "1-2 d"}, []string{"1-1 a", "1-2 c", "1-3 e"}
		}
		w.same(w.journal(orders(0)), want.zero, fmt.Sprint("partition 0 after step ", i+1))
		w.same(w.journal(orders(1)), want.one, fmt.Sprint("partition 1 after step ", i+1))
	}
}

func numberFenced(w *storeWorld) {
	old := w.relay()
	w.elapse(2 * ttl)
	fence := w.relay()
	w.publish(orders(0), "a")
	for _, wrong := range []uint64{old, fence + 1, 0} {
		n, err := w.store.Number(w.ctx, wrong, 100)
		w.wantError(err, driver.ErrFenced, fmt.Sprintf("number under fence %d while it is %d", wrong, fence))
		if len(n.Batches) > 0 {
			w.Errorf("a fenced Number returned %d batches", len(n.Batches))
		}
	}
	count, _ := pending(w)
	equal(w.world, count, w.queued(1), "pending after fenced calls of Number")
	equal(w.world, len(w.journal(orders(0))), 1-w.queued(1), "events in the journal after fenced calls of Number")
	w.number(fence, 100)
	w.same(w.journal(orders(0)), []string{"1-1 a"}, "journal")
}

func numberFencedEmpty(w *storeWorld) {
	old := w.relay()
	w.elapse(2 * ttl)
	w.relay()
	_, err := w.store.Number(w.ctx, old, 100)
	w.wantError(err, driver.ErrFenced, "number an empty outbox under an old fence")
}

// numberRace lets relays take the lease from each other all the time while writers publish.
func numberRace(w *storeWorld) {
	const writers, relays, rounds, terms = 2, 3, 25, 20
	w.relay()
	w.each(writers+relays, "publish and number at once", func(i int) error {
		if i < writers {
			return publishRounds(w, i, rounds)
		}
		for range terms {
			if err := relayTerm(w, fmt.Sprint("relay ", i)); err != nil {
				return err
			}
		}
		return nil
	})
	w.elapse(2 * ttl)
	w.number(w.relay(), 1000)
	var texts []string
	for n := range 2 {
		entries := w.page(orders(n), driver.Start, 1000, 1<<20).Entries
		for i, e := range entries {
			if e.Position != at(uint64(i+1)) {
				w.Fatalf("entry %d of %s is %s", i+1, orders(n), show(e))
			}
			texts = append(texts, string(e.Data))
		}
	}
	equal(w.world, len(texts), writers*rounds*2, "events in the journal")
	slices.Sort(texts)
	equal(w.world, len(slices.Compact(texts)), writers*rounds*2, "different events in the journal")
}

func publishRounds(w *storeWorld, writer, rounds int) error {
	for n := range rounds {
		err := w.attempt(func(ctx context.Context, tx driver.Tx) error {
			return tx.Publish(ctx, []driver.Message{
				message(orders(0), "key", fmt.Sprintf("%d.%d", writer, n)),
				message(orders(1), "key", fmt.Sprintf("%d.%d'", writer, n)),
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// relayTerm takes the lease, as soon as it has expired, and numbers in small steps until somebody else has taken it.
func relayTerm(w *storeWorld, member string) error {
	w.elapse(2 * ttl)
	l, ok, err := w.store.Acquire(w.ctx, driver.RelayGroup, driver.RelayLease, member, ttl)
	if errors.Is(err, driver.ErrConflict) || err == nil && !ok {
		return nil
	}
	if err != nil {
		return err
	}
	for range 5 {
		_, err := w.store.Number(w.ctx, l.Fence, 3)
		if errors.Is(err, driver.ErrFenced) {
			return nil
		}
		if err != nil && !errors.Is(err, driver.ErrConflict) {
			return err
		}
	}
	return nil
}

func numberNothing(w *storeWorld) {
	n := w.number(w.relay(), 100)
	if len(n.Batches) > 0 || n.More || !n.Next.IsZero() {
		w.Errorf("Number of an empty outbox: %d batches, More %v, Next %v", len(n.Batches), n.More, n.Next)
	}
}
