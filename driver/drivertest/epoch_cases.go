package drivertest

import (
	"fmt"

	"github.com/headrace/headrace/driver"
)

func epochCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"rises-when-somebody-saw-more",
			"rule 7: a position ahead of the head proves that the journal was restored; numbering it again would give it a second meaning",
			epochRises,
		},
		{
			"stays-when-nothing-is-proved",
			"an epoch that rises without reason stops every group and hides what really happened",
			epochStays,
		},
		{
			"rises-above-every-epoch-seen",
			"a broker refuses what is below its top: the new epoch must be above anything that was appended",
			epochAboveSeen,
		},
		{
			"rises-once-when-many-see-it",
			"all groups and the relay notice a restored journal at the same moment",
			epochOnce,
		},
		{
			"numbers-go-on-after-the-base",
			"seq is dense across epochs: lag stays arithmetic, and a cursor can be moved over",
			epochNumbers,
		},
		{
			"belongs-to-one-partition",
			"what was seen of one partition proves nothing about another",
			epochOnePartition,
		},
	}
}

func raise(w *storeWorld, p driver.Partition, seen driver.Position) (driver.Position, bool) {
	w.Helper()
	head, raised, err := w.store.RaiseEpoch(w.ctx, p, seen)
	w.must(err, "raise the epoch")
	return head, raised
}

func epochRises(w *storeWorld) {
	w.fill(orders(0), "a", "b", "c")
	head, raised := raise(w, orders(0), at(7))
	equal(w.world, raised, true, "raised, for 1-7 while the head is 1-3")
	equal(w.world, head, driver.Position{Epoch: 2, Seq: 3}, "head afterwards")
	page := w.page(orders(0), driver.Start, 10, 1<<20)
	equal(w.world, page.Head, head, "head of a page")
	equal(w.world, fmt.Sprint(page.Epochs), fmt.Sprint([]driver.Epoch{{Number: 2, Base: 3}}), "epochs of a page")
	w.same(heads(w), []string{"orders/0 2-3", "orders/1 1-0", "orders/2 1-0", "orders/3 1-0"}, "heads")
	w.same(showEntries(page.Entries), []string{"1-1 a", "1-2 b", "1-3 c"}, "journal")
}

func epochStays(w *storeWorld) {
	w.fill(orders(0), "a", "b", "c")
	for _, seen := range []driver.Position{{}, driver.Start, at(2), at(3)} {
		head, raised := raise(w, orders(0), seen)
		equal(w.world, raised, false, fmt.Sprintf("raised, for %s while the head is 1-3", seen))
		equal(w.world, head, at(3), "head afterwards")
	}
	first, _ := raise(w, orders(0), at(7))
	head, raised := raise(w, orders(0), at(7))
	equal(w.world, raised, false, "raised, for 1-7 while the head is of epoch 2")
	equal(w.world, head, first, "head afterwards")
}

func epochAboveSeen(w *storeWorld) {
	w.fill(orders(0), "a")
	seen := driver.Position{Epoch: 4, Seq: 1}
	head, raised := raise(w, orders(0), seen)
	equal(w.world, raised, true, "raised, for 4-1 while the head is 1-1")
	if head.Epoch <= seen.Epoch || head.Seq != 1 {
		w.Fatalf("head is %s after 4-1 was seen: want a later epoch and seq 1", head)
	}
	w.fill(orders(0), "b")
	w.same(w.journal(orders(0)), []string{"1-1 a", fmt.Sprintf("%d-2 b", head.Epoch)}, "journal")
}

func epochOnce(w *storeWorld) {
	w.fill(orders(0), "a", "b")
	const many = 6
	heads, raised := make([]driver.Position, many), make([]bool, many)
	w.each(many, "raise the epoch at once", func(i int) (err error) {
		heads[i], raised[i], err = w.store.RaiseEpoch(w.ctx, orders(0), at(5))
		return err
	})
	times := 0
	for i := range many {
		equal(w.world, heads[i], driver.Position{Epoch: 2, Seq: 2}, "head afterwards")
		if raised[i] {
			times++
		}
	}
	equal(w.world, times, 1, "callers that were told they had raised it")
	equal(w.world, len(w.page(orders(0), driver.Start, 10, 1<<20).Epochs), 1, "epochs")
}

func epochNumbers(w *storeWorld) {
	w.fill(orders(0), "a", "b")
	raise(w, orders(0), at(5))
	w.fill(orders(0), "c")
	raise(w, orders(0), driver.Position{Epoch: 2, Seq: 9})
	w.fill(orders(0), "d", "e")
	w.same(w.journal(orders(0)), []string{"1-1 a", "1-2 b", "2-3 c", "3-4 d", "3-5 e"}, "journal over three epochs")
	page := w.page(orders(0), at(2), 10, 1<<20)
	equal(w.world, fmt.Sprint(page.Epochs), fmt.Sprint([]driver.Epoch{{Number: 2, Base: 2}, {Number: 3, Base: 3}}), "epochs")
	w.same(showEntries(page.Entries), []string{"2-3 c", "3-4 d", "3-5 e"}, "page after 1-2")
	w.same(showEntries(w.page(orders(0), driver.Position{Epoch: 2, Seq: 2}, 1, 1<<20).Entries), []string{"2-3 c"}, "page after 2-2")
	trim(w, orders(0), driver.Position{Epoch: 2, Seq: 3}, 3)
	equal(w.world, w.page(orders(0), driver.Position{Epoch: 2, Seq: 3}, 0, 0).Floor.Seq, 3, "floor")
	w.same(heads(w)[:1], []string{"orders/0 3-5"}, "head")
}

func epochOnePartition(w *storeWorld) {
	w.fill(orders(0), "a")
	w.fill(orders(1), "b")
	raise(w, orders(0), at(5))
	w.fill(orders(1), "c")
	w.same(w.journal(orders(1)), []string{"1-1 b", "1-2 c"}, "journal of the other partition")
	equal(w.world, len(w.page(orders(1), driver.Start, 0, 0).Epochs), 0, "epochs of the other partition")
}
