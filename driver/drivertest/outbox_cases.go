package drivertest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

func outboxCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"committed-events-exist",
			"promise 1: an event exists if and only if the transaction that published it committed",
			outboxCommitted,
		},
		{
			"rolled-back-events-never-exist",
			"promise 1; numbers that a database gave to rows which never committed must not become holes",
			outboxRolledBack,
		},
		{
			"keeps-the-order-given",
			"a transaction that publishes placed and then cancelled means it in this order",
			outboxOrder,
		},
		{
			"keys-follow-their-commits",
			"promise 5: events of one key are applied in the order in which they were committed",
			outboxFollowsCommits,
		},
		{
			"keys-follow-the-row-that-writers-share",
			"promise 5: the event that a writer published after it read another's state comes after that one's event",
			outboxFollowsState,
		},
		{
			"bytes-come-back-as-they-were",
			"metadata and data are the engine's: a store that changes a byte changes history",
			outboxBytes,
		},
		{
			"takes-a-large-transaction",
			"a batch of 256 events may publish several events each, and databases limit parameters of a statement",
			outboxLarge,
		},
		{
			"pending-counts-what-is-not-numbered",
			"an outbox that stalls must be seen: its depth and the age of its oldest event are what an alert looks at",
			outboxPending,
		},
	}
}

func outboxCommitted(w *storeWorld) {
	w.in(func(tx driver.Tx) {
		w.put(tx, "order", "placed")
		w.publishIn(tx, orders(0), "placed")
	})
	w.number(w.relay(), 100)
	w.same(w.journal(orders(0)), []string{"1-1 placed"}, "journal after a commit")
	equal(w.world, w.get("order"), "placed", "state after a commit")
}

func outboxRolledBack(w *storeWorld) {
	w.publish(orders(0), "a")
	w.undo(func(tx driver.Tx) {
		w.put(tx, "order", "never")
		w.publishIn(tx, orders(0), "never")
	})
	w.publish(orders(0), "b")
	w.number(w.relay(), 100)
	w.same(w.journal(orders(0)), []string{"1-1 a", "1-2 b"}, "journal with a rollback between two commits")
	equal(w.world, w.get("order"), "", "state after a rollback")
}

func outboxOrder(w *storeWorld) {
	w.in(func(tx driver.Tx) {
		w.publishIn(tx, orders(1), "a", "b")
		w.publishIn(tx, orders(0), "c")
		w.publishIn(tx, orders(1), "d")
	})
	w.publish(orders(1), "e")
	w.number(w.relay(), 100)
	w.same(w.journal(orders(1)), []string{"1-1 a", "1-2 b", "1-3 d", "1-4 e"}, "journal of partition 1")
	w.same(w.journal(orders(0)), []string{"1-1 c"}, "journal of partition 0")
}

// outboxFollowsCommits lets writers publish to one key beside each other. Of two commits of which one had returned before the other was
// asked for, the first must be numbered first.
func outboxFollowsCommits(w *storeWorld) {
	type commit struct{ asked, answered time.Time }
	var mu sync.Mutex
	commits := map[string]commit{}
	const writers, rounds = 4, 10
	w.each(writers, "publish", func(i int) error {
		for n := range rounds {
			text := fmt.Sprintf("%d.%d", i, n)
			var c commit
			err := w.attempt(func(ctx context.Context, tx driver.Tx) error {
				err := tx.Publish(ctx, []driver.Message{message(orders(0), "key", text)})
				c.asked = driver.SystemClock()
				return err
			})
			if err != nil {
				return err
			}
			c.answered = driver.SystemClock()
			mu.Lock()
			commits[text] = c
			mu.Unlock()
		}
		return nil
	})
	w.number(w.relay(), 1000)
	entries := w.page(orders(0), driver.Start, 1000, 1<<20).Entries
	equal(w.world, len(entries), writers*rounds, "events in the journal")
	for i, first := range entries {
		for _, second := range entries[i+1:] {
			if commits[string(second.Data)].answered.Before(commits[string(first.Data)].asked) {
				w.Fatalf("%s is numbered before %s, which had committed before", show(first), show(second))
			}
		}
	}
}

// outboxFollowsState lets writers count in a row that they lock by writing it first, and publish what they counted.
func outboxFollowsState(w *storeWorld) {
	const writers, rounds = 4, 10
	w.each(writers, "count and publish", func(int) error {
		for range rounds {
			if err := w.attempt(func(ctx context.Context, tx driver.Tx) error { return countAndPublish(ctx, w, tx) }); err != nil {
				return err
			}
		}
		return nil
	})
	w.number(w.relay(), 1000)
	want := make([]string, writers*rounds)
	for i := range want {
		want[i] = fmt.Sprintf("1-%d %d", i+1, i+1)
	}
	w.same(w.journal(orders(3)), want, "journal of what writers counted")
}

func countAndPublish(ctx context.Context, w *storeWorld, tx driver.Tx) error {
	if err := w.db.Put(ctx, tx, "lock", "mine"); err != nil {
		return err
	}
	text, err := w.db.Get(ctx, tx, "count")
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(text) // nothing yet is 0
	text = strconv.Itoa(n + 1)
	if err := w.db.Put(ctx, tx, "count", text); err != nil {
		return err
	}
	return tx.Publish(ctx, []driver.Message{message(orders(3), "key", text)})
}

func outboxBytes(w *storeWorld) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	messages := []driver.Message{
		{Partition: orders(0), Key: "it's \"a\" key; é 日本 \\ %s $1", Meta: all, Data: slices.Clone(all)},
		{Partition: orders(0), Key: strings.Repeat("k", 512), Meta: []byte("{}"), Data: []byte(strings.Repeat("x", 1<<20))},
		{Partition: orders(0), Key: "empty", Meta: []byte("{}"), Data: nil},
	}
	w.in(func(tx driver.Tx) { w.must(tx.Publish(w.ctx, messages), "publish") })
	numbered := w.number(w.relay(), 100)
	page := w.page(orders(0), driver.Start, 100, 1<<22)
	if len(numbered.Batches) != 1 || len(numbered.Batches[0].Entries) != 3 || len(page.Entries) != 3 {
		w.Fatalf("numbered %d batches, journal has %d entries: want 1 and 3", len(numbered.Batches), len(page.Entries))
	}
	for i, m := range messages {
		for where, e := range map[string]driver.Entry{"Number": numbered.Batches[0].Entries[i], "ReadJournal": page.Entries[i]} {
			if string(e.Meta) != string(m.Meta) || string(e.Data) != string(m.Data) {
				w.Errorf("%s returns message %d with other bytes than were published", where, i)
			}
		}
	}
}

func outboxLarge(w *storeWorld) {
	const n = 3000
	texts := make([]string, n)
	for i := range texts {
		texts[i] = strconv.Itoa(i + 1)
	}
	w.publish(orders(0), texts...)
	fence := w.relay()
	for range 3 {
		w.number(fence, 1000)
	}
	page := w.page(orders(0), driver.Start, n, 1<<22)
	equal(w.world, len(page.Entries), n, "events in the journal")
	for i, e := range page.Entries {
		if e.Position != at(uint64(i+1)) || string(e.Data) != texts[i] {
			w.Fatalf("entry %d is %s", i+1, show(e))
		}
	}
}

func outboxPending(w *storeWorld) {
	count, oldest := pending(w)
	if count != 0 || !oldest.IsZero() {
		w.Fatalf("pending of an empty outbox: %d since %v; want 0 and no time", count, oldest)
	}
	w.publish(orders(0), "a")
	w.elapse(time.Hour)
	w.publish(orders(1), "b", "c")
	count, first := pending(w)
	equal(w.world, count, w.queued(3), "pending")
	w.number(w.relay(), 1)
	count, second := pending(w)
	equal(w.world, count, w.queued(2), "pending after one was numbered")
	if w.has.Direct {
		w.same(append(w.journal(orders(0)), w.journal(orders(1))...), []string{"1-1 a", "1-1 b", "1-2 c"}, "journals")
		return
	}
	if passed := second.Sub(first); passed < 59*time.Minute || passed > 61*time.Minute {
		w.Errorf("oldest is %v, and %v after it was numbered: want an hour between them", first, second)
	}
}

// queued is how many of n published events wait in the outbox.
func (w *storeWorld) queued(n int) int {
	if w.has.Direct {
		return 0
	}
	return n
}

func pending(w *storeWorld) (int, time.Time) {
	w.Helper()
	count, oldest, err := w.store.Pending(w.ctx)
	w.must(err, "pending")
	return count, oldest
}
