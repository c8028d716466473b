package drivertest

import (
	"fmt"
	"strings"

	"github.com/headrace/headrace/driver"
)

func journalCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"reads-in-pages-of-entries",
			"history is read while the service works: a page must be as small as the reader asks",
			journalLimit,
		},
		{
			"reads-in-pages-of-bytes",
			"rule 11: a page of history travels in one message, whose size is limited",
			journalBytes,
		},
		{
			"always-tells-head-floor-and-epochs",
			"a reader compares its cursor with the head on silence, and must learn of epochs from whatever it reads",
			journalTells,
		},
		{
			"refuses-what-was-trimmed",
			"rule 10: a reader below the floor stops loudly; one that skips to the floor loses events",
			journalTrimmed,
		},
		{
			"keeps-the-head-when-all-is-trimmed",
			"a head that is derived from the newest row would number old positions again",
			journalHead,
		},
		{
			"trims-one-partition-only",
			"partitions are trimmed each below its own slowest reader",
			journalTrimOne,
		},
		{
			"page-is-one-consistent-state",
			"a page whose head is newer than its entries makes a reader believe in a loss",
			journalConsistent,
		},
	}
}

func journalLimit(w *storeWorld) {
	w.fill(orders(0), "a", "b", "c", "d", "e")
	w.same(showEntries(w.page(orders(0), driver.Start, 2, 1<<20).Entries), []string{"1-1 a", "1-2 b"}, "first page of two")
	w.same(showEntries(w.page(orders(0), at(2), 2, 1<<20).Entries), []string{"1-3 c", "1-4 d"}, "second page of two")
	w.same(showEntries(w.page(orders(0), at(4), 2, 1<<20).Entries), []string{"1-5 e"}, "third page of two")
	w.same(showEntries(w.page(orders(0), at(5), 2, 1<<20).Entries), nil, "page at the head")
	w.same(showEntries(w.page(orders(0), at(9), 2, 1<<20).Entries), nil, "page beyond the head")
	w.same(showEntries(w.page(orders(0), driver.Start, 0, 1<<20).Entries), nil, "page of no entries")
	w.same(showEntries(w.page(orders(0), driver.Position{}, 1, 1<<20).Entries), []string{"1-1 a"}, "page after the zero position")
	for _, e := range w.page(orders(0), driver.Start, 10, 1<<20).Entries {
		equal(w.world, string(e.Meta), "about "+string(e.Data), "metadata of "+show(e))
	}
}

func journalBytes(w *storeWorld) {
	const size = 100 // of an entry's data; its metadata are as long and 6 bytes more
	var texts []string
	for _, letter := range []string{"a", "b", "c", "d", "e", "f"} {
		texts = append(texts, strings.Repeat(letter, size))
	}
	w.fill(orders(0), texts...)
	const entry = 2*size + len("about ")
	for _, limit := range []int{1, entry - 1, entry, 2*entry + 10, 4 * entry, 100 * entry} {
		entries := w.page(orders(0), driver.Start, 100, limit).Entries
		n := len(entries)
		switch most := min(limit/entry+1, len(texts)); {
		case n < 1, n < min(limit/entry, len(texts)):
			w.Errorf("a page of %d bytes has %d entries of %d bytes: too few", limit, n, entry)
		case n > most:
			w.Errorf("a page of %d bytes has %d entries of %d bytes: at most %d, where the limit is passed", limit, n, entry, most)
		case entries[n-1].Position != at(uint64(n)):
			w.Errorf("a page of %d bytes ends at %s with %d entries", limit, entries[n-1].Position, n)
		}
	}
}

func journalTells(w *storeWorld) {
	check := func(after driver.Position, limit int, head, floor driver.Position, epochs int, when string) {
		w.Helper()
		page := w.page(orders(0), after, limit, 1<<20)
		equal(w.world, page.Head, head, "head of a page "+when)
		equal(w.world, page.Floor, floor, "floor of a page "+when)
		equal(w.world, len(page.Epochs), epochs, "epochs of a page "+when)
	}
	check(driver.Start, 10, driver.Start, driver.Start, 0, "of an empty journal")
	w.fill(orders(0), "a", "b", "c")
	check(driver.Start, 10, at(3), driver.Start, 0, "with all entries")
	check(driver.Start, 1, at(3), driver.Start, 0, "with one entry")
	check(driver.Start, 0, at(3), driver.Start, 0, "with no entries")
	check(at(3), 10, at(3), driver.Start, 0, "at the head")
	trim(w, orders(0), at(1), 1)
	check(at(1), 10, at(3), at(1), 0, "after a trim")
	head, _, err := w.store.RaiseEpoch(w.ctx, orders(0), at(7))
	w.must(err, "raise the epoch")
	check(at(2), 0, head, at(1), 1, "in the second epoch")
}

func trim(w *storeWorld, p driver.Partition, upTo driver.Position, want int) {
	w.Helper()
	n, err := w.store.TrimJournal(w.ctx, p, upTo)
	w.must(err, "trim")
	equal(w.world, n, want, "entries trimmed up to "+upTo.String())
}

func journalTrimmed(w *storeWorld) {
	w.fill(orders(0), "a", "b", "c", "d", "e")
	trim(w, orders(0), at(3), 3)
	for _, after := range []driver.Position{driver.Start, at(1), at(2)} {
		page, err := w.store.ReadJournal(w.ctx, orders(0), after, 10, 1<<20)
		w.wantError(err, driver.ErrTrimmed, fmt.Sprintf("read after %s while the floor is 1-3", after))
		equal(w.world, page.Floor, at(3), "floor of a page that is refused")
		equal(w.world, page.Head, at(5), "head of a page that is refused")
	}
	w.same(showEntries(w.page(orders(0), at(3), 10, 1<<20).Entries), []string{"1-4 d", "1-5 e"}, "page at the floor")
	trim(w, orders(0), at(2), 0)
	equal(w.world, w.page(orders(0), at(3), 10, 1<<20).Floor, at(3), "floor after a trim below it")
}

func journalHead(w *storeWorld) {
	w.fill(orders(0), "a", "b", "c")
	trim(w, orders(0), at(99), 3)
	page := w.page(orders(0), at(3), 10, 1<<20)
	equal(w.world, page.Head, at(3), "head after everything was trimmed")
	equal(w.world, page.Floor, at(3), "floor after everything was trimmed")
	w.fill(orders(0), "d")
	w.same(showEntries(w.page(orders(0), at(3), 10, 1<<20).Entries), []string{"1-4 d"}, "journal after everything before was trimmed")
	_, err := w.store.ReadJournal(w.ctx, orders(0), at(2), 10, 1<<20)
	w.wantError(err, driver.ErrTrimmed, "read below the floor")
}

func journalTrimOne(w *storeWorld) {
	w.fill(orders(0), "a", "b")
	w.fill(orders(1), "c", "d")
	trim(w, orders(0), at(2), 2)
	w.same(w.journal(orders(1)), []string{"1-1 c", "1-2 d"}, "journal of the other partition")
}

// journalConsistent reads the whole journal again and again while it grows.
func journalConsistent(w *storeWorld) {
	const rounds = 30
	fence := w.relay()
	w.each(3, "write and read a journal", func(i int) error {
		if i > 0 {
			return readUntil(w, rounds)
		}
		for n := range rounds {
			if err := publishRounds(w, n, 1); err != nil {
				return err
			}
			if err := w.retry(func() error { _, err := w.store.Number(w.ctx, fence, 100); return err }); err != nil {
				return err
			}
		}
		return nil
	})
}

func readUntil(w *storeWorld, head uint64) error {
	for {
		page, err := w.store.ReadJournal(w.ctx, orders(0), driver.Start, 1000, 1<<20)
		switch {
		case err != nil:
			return err
		case uint64(len(page.Entries)) != page.Head.Seq:
			return fmt.Errorf("a page of everything has %d entries and its head is %s", len(page.Entries), page.Head)
		case page.Head.Seq == head:
			return nil
		}
	}
}
