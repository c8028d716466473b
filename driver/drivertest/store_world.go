package drivertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
)

// What every case about a store is about.
const (
	group = "billing"
	other = "shipping" // another group
	owned = "orders"   // a topic of the service, with partitions 0 to 3
	ttl   = 10 * time.Second
)

func orders(number int) driver.Partition { return driver.Partition{Topic: owned, Number: number} }

func setup() driver.Setup {
	return driver.Setup{
		Service: "orders",
		Owns:    []driver.TopicSize{{Topic: owned, Partitions: 4}},
		Follows: []driver.TopicSize{{Topic: owned, Partitions: 4}, {Topic: "payments", Partitions: 2}},
	}
}

// storeWorld is a fresh database that was set up, with helpers that end the case when something unexpected goes wrong.
type storeWorld struct {
	*world
	db    Database
	has   Capabilities
	clock *Clock
	store driver.Store
}

func newStoreWorld(t testing.TB, b Backend) *storeWorld {
	clock := newClock(false)
	db := b.Store(t, clock.Now)
	if db.Store == nil || db.Restart == nil || db.Put == nil || db.Get == nil {
		t.Fatal("drivertest: Database needs Store, Restart, Put and Get")
	}
	w := &storeWorld{world: newWorld(t), db: db, has: b.Has, clock: clock, store: db.Store}
	w.must(w.store.Setup(w.ctx, setup()), "set up the store")
	return w
}

// elapse lets time pass for the database.
func (w *storeWorld) elapse(d time.Duration) {
	w.clock.elapse(d)
	if w.db.Elapse != nil {
		w.db.Elapse(d)
	}
}

// restart is what remains after the process died.
func (w *storeWorld) restart() {
	w.Helper()
	w.store = w.db.Restart()
	w.must(w.store.Setup(w.ctx, setup()), "set up the store after a restart")
}

// begin opens a transaction that is rolled back at the end of the case if it is still open.
func (w *storeWorld) begin(o driver.TxOptions) driver.Tx {
	w.Helper()
	tx, err := w.store.Begin(w.ctx, o)
	w.must(err, "begin")
	w.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // the store may be closed, or the transaction over
	return tx
}

// in runs a function in a transaction and commits it.
func (w *storeWorld) in(f func(tx driver.Tx)) {
	w.Helper()
	tx := w.begin(driver.TxOptions{})
	f(tx)
	w.must(tx.Commit(w.ctx), "commit")
}

// undo runs a function in a transaction and rolls it back.
func (w *storeWorld) undo(f func(tx driver.Tx)) {
	w.Helper()
	tx := w.begin(driver.TxOptions{})
	f(tx)
	w.must(tx.Rollback(w.ctx), "roll back")
}

// view runs a function in a read-only transaction.
func (w *storeWorld) view(f func(tx driver.Tx)) {
	w.Helper()
	tx := w.begin(driver.TxOptions{ReadOnly: true})
	f(tx)
	w.must(tx.Rollback(w.ctx), "end a read-only transaction")
}

// attempt runs a function in transactions until one commits: it is for cases in which transactions get in each other's way.
func (w *storeWorld) attempt(f func(ctx context.Context, tx driver.Tx) error) error {
	return w.retry(func() error { return w.try(f) })
}

// retry runs a function again as long as the database says that it got in the way of others.
func (w *storeWorld) retry(f func() error) error {
	for {
		err := f()
		if !w.conflict(err) || w.ctx.Err() != nil {
			return err
		}
	}
}

// conflict reports whether the database gave up on a transaction because of others: as the store says it, or as a statement of the service met it.
func (w *storeWorld) conflict(err error) bool {
	checker, checks := w.store.(driver.ConflictChecker)
	return errors.Is(err, driver.ErrConflict) || checks && err != nil && checker.Conflict(err)
}

func (w *storeWorld) try(f func(ctx context.Context, tx driver.Tx) error) error {
	tx, err := w.store.Begin(w.ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(w.ctx)) }() // after a commit it does nothing
	if err := f(w.ctx, tx); err != nil {
		return err
	}
	return tx.Commit(w.ctx)
}

// put writes a value of the service's own.
func (w *storeWorld) put(tx driver.Tx, key, value string) {
	w.Helper()
	w.must(w.db.Put(w.ctx, tx, key, value), "put "+key)
}

// get reads a committed value of the service's own.
func (w *storeWorld) get(key string) (value string) {
	w.Helper()
	w.view(func(tx driver.Tx) {
		var err error
		value, err = w.db.Get(w.ctx, tx, key)
		w.must(err, "get "+key)
	})
	return value
}

// message is an event of a key whose data are the given text.
func message(p driver.Partition, key, text string) driver.Message {
	return driver.Message{Partition: p, Key: key, Meta: []byte("about " + text), Data: []byte(text)}
}

// publish puts events into the outbox by one transaction.
func (w *storeWorld) publish(p driver.Partition, texts ...string) {
	w.Helper()
	w.in(func(tx driver.Tx) { w.publishIn(tx, p, texts...) })
}

func (w *storeWorld) publishIn(tx driver.Tx, p driver.Partition, texts ...string) {
	w.Helper()
	messages := make([]driver.Message, len(texts))
	for i, text := range texts {
		messages[i] = message(p, "key", text)
	}
	w.must(tx.Publish(w.ctx, messages), "publish")
}

// acquire takes a lease that must be there to be taken.
func (w *storeWorld) acquire(group string, p driver.Partition, member string) driver.Lease {
	w.Helper()
	w.must(w.store.EnsureCursors(w.ctx, group, map[driver.Partition]driver.Position{p: driver.Start}), "ensure a cursor")
	l, ok, err := w.store.Acquire(w.ctx, group, p, member, ttl)
	w.must(err, "acquire")
	if !ok {
		w.Fatalf("acquire %s of group %s for %s: it is held by somebody else", p, group, member)
	}
	return l
}

// relay takes the lease of the relay and returns its fence.
func (w *storeWorld) relay() uint64 {
	w.Helper()
	return w.acquire(driver.RelayGroup, driver.RelayLease, "relay").Fence
}

// number numbers what is in the outbox.
func (w *storeWorld) number(fence uint64, limit int) driver.Numbered {
	w.Helper()
	n, err := w.store.Number(w.ctx, fence, limit)
	w.must(err, "number")
	return n
}

// fill publishes events and numbers them.
func (w *storeWorld) fill(p driver.Partition, texts ...string) {
	w.Helper()
	w.publish(p, texts...)
	fence := w.relay()
	w.number(fence, 1000)
	w.must(w.store.Release(w.ctx, driver.RelayGroup, []driver.Lease{{Partition: driver.RelayLease, Fence: fence}}), "release the relay")
}

// page reads a piece of a journal.
func (w *storeWorld) page(p driver.Partition, after driver.Position, limit, maxBytes int) driver.Page {
	w.Helper()
	page, err := w.store.ReadJournal(w.ctx, p, after, limit, maxBytes)
	w.must(err, "read the journal")
	return page
}

// journal is all there is in the journal of a partition.
func (w *storeWorld) journal(p driver.Partition) []string {
	w.Helper()
	return showEntries(w.page(p, driver.Start, 10_000, 1<<24).Entries)
}

// lease reads the row of a lease.
func (w *storeWorld) lease(group string, p driver.Partition) driver.Lease {
	w.Helper()
	leases, err := w.store.Cursors(w.ctx, group, []driver.Partition{p})
	w.must(err, "read cursors")
	if len(leases) != 1 {
		w.Fatalf("read the cursor of %s in group %s: got %d leases, want 1", p, group, len(leases))
	}
	return leases[0]
}

// advance moves cursors in a transaction of its own and returns how many moved.
func (w *storeWorld) advance(moves ...driver.Advance) (moved int) {
	w.Helper()
	w.in(func(tx driver.Tx) { moved = w.advanceIn(tx, moves...) })
	return moved
}

func (w *storeWorld) advanceIn(tx driver.Tx, moves ...driver.Advance) int {
	w.Helper()
	moved, err := tx.Advance(w.ctx, group, moves)
	w.must(err, "advance")
	return moved
}

// move is the advance of a lease from its cursor.
func move(l driver.Lease, to uint64) driver.Advance {
	return driver.Advance{Partition: l.Partition, Fence: l.Fence, From: l.Cursor, To: at(to)}
}
