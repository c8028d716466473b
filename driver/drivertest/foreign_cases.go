package drivertest

import (
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

func foreignCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"is-kept-as-it-was",
			"promise 14: foreign bytes are not lost; a person must be able to say who wrote them",
			foreignKept,
		},
		{
			"newest-first-up-to-limit",
			"somebody who writes to the wrong stream writes much: the newest is what a person needs",
			foreignNewest,
		},
		{
			"follows-its-transaction",
			"what is rolled back will be met again",
			foreignRolledBack,
		},
	}
}

func (w *storeWorld) foreign(seq uint64, in time.Duration) driver.Foreign {
	return driver.Foreign{
		Partition: orders(0), Position: at(seq), Data: fmt.Append(nil, "\x00\xff'garbage ", seq), Reason: "there is no metadata",
		Time: w.clock.Now().UTC().Add(in).Truncate(time.Microsecond),
	}
}

func (w *storeWorld) foreigners(limit int) []driver.Foreign {
	w.Helper()
	list, err := w.store.ListForeign(w.ctx, group, limit)
	w.must(err, "list foreign entries")
	return list
}

func foreignKept(w *storeWorld) {
	want := w.foreign(7, 0)
	w.in(func(tx driver.Tx) { w.must(tx.AddForeign(w.ctx, group, []driver.Foreign{want}), "add a foreign entry") })
	list := w.foreigners(10)
	equal(w.world, len(list), 1, "foreign entries")
	show := func(f driver.Foreign) string {
		return fmt.Sprintf("%s %s %q %q %s", f.Partition, f.Position, f.Data, f.Reason, when(f.Time))
	}
	equal(w.world, show(list[0]), show(want), "a foreign entry")
	others, err := w.store.ListForeign(w.ctx, other, 10)
	w.must(err, "list foreign entries of the other group")
	equal(w.world, len(others), 0, "foreign entries of the other group")
}

func foreignNewest(w *storeWorld) {
	w.in(func(tx driver.Tx) {
		items := []driver.Foreign{w.foreign(1, time.Second), w.foreign(2, 3*time.Second), w.foreign(3, 2*time.Second)}
		w.must(tx.AddForeign(w.ctx, group, items), "add foreign entries")
	})
	var got []string
	for _, f := range w.foreigners(2) {
		got = append(got, f.Position.String())
	}
	w.same(got, []string{"1-2", "1-3"}, "the two newest foreign entries")
}

func foreignRolledBack(w *storeWorld) {
	w.undo(func(tx driver.Tx) {
		w.must(tx.AddForeign(w.ctx, group, []driver.Foreign{w.foreign(1, 0)}), "add a foreign entry")
	})
	equal(w.world, len(w.foreigners(10)), 0, "foreign entries after a rollback")
}
