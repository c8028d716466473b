package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
)

func TestReadersDoNotWaitForAWriter(t *testing.T) {
	t.Parallel()
	store := openStore(t, filepath.Join(t.TempDir(), "service.db"), valueSchema)
	must(t, store.Setup(t.Context(), driver.Setup{Owns: []driver.TopicSize{{Topic: "orders", Partitions: 1}}}))
	must(t, in(t, store, put("old")))
	writer, own := begin(t, store, driver.TxOptions{})
	must(t, put("new")(t.Context(), own))

	// Everything below runs on this goroutine, which would wait for itself.
	if got := values(t, store); got != "old" {
		t.Errorf("outside of the transaction there is %q", got)
	}
	view, seen := begin(t, store, driver.TxOptions{ReadOnly: true})
	var n int
	must(t, seen.QueryRowContext(t.Context(), `SELECT count(*) FROM value`).Scan(&n))
	_, err := store.Heads(t.Context())
	must(t, err)
	_, err = store.ReadJournal(t.Context(), driver.Partition{Topic: "orders"}, driver.Start, 10, 1<<20)
	must(t, err)
	must(t, writer.Commit(t.Context()))
	var m int
	must(t, seen.QueryRowContext(t.Context(), `SELECT count(*) FROM value`).Scan(&m))
	must(t, view.Rollback(t.Context()))
	if n != 1 || m != 1 {
		t.Errorf("a view saw %d rows and then %d: want 1 both times", n, m)
	}
	if got := values(t, store); got != "new,old" {
		t.Errorf("after the commit there is %q", got)
	}
}

// Writers get their turn in the order in which they asked for it.
func TestWritersQueue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, err := Open(context.Background(), Config{Path: filepath.Join(dir, "service.db"), Schema: valueSchema})
		must(t, err)
		first, err := store.Begin(context.Background(), driver.TxOptions{})
		must(t, err)
		var order []int
		var writers sync.WaitGroup
		for n := range 8 {
			writers.Go(func() {
				tx, err := store.Begin(context.Background(), driver.TxOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, n) // whoever has a transaction is alone
				if err := tx.Commit(context.Background()); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		must(t, first.Commit(context.Background()))
		writers.Wait()
		if !slices.IsSorted(order) || len(order) != 8 {
			t.Errorf("writers that asked one after the other got their turns in the order %v", order)
		}
		must(t, store.Close())
	})
}

// Close sends away who waits for a turn, and waits for who has one.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, err := Open(context.Background(), Config{Path: filepath.Join(dir, "service.db"), Schema: valueSchema})
		must(t, err)
		tx, err := store.Begin(context.Background(), driver.TxOptions{})
		must(t, err)
		waiting, closed := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := store.Begin(context.Background(), driver.TxOptions{})
			waiting <- err
		}()
		synctest.Wait()
		go func() { closed <- store.Close() }()
		synctest.Wait()
		if err := <-waiting; !errors.Is(err, driver.ErrClosed) {
			t.Errorf("begin that waited while the store was closed: %v", err)
		}
		select {
		case err := <-closed:
			t.Fatalf("Close returned %v while there was a transaction", err)
		default:
		}
		must(t, put("a")(context.Background(), tx.(driver.SQLTx).SQL()))
		must(t, tx.Commit(context.Background()))
		must(t, <-closed)
		store, err = Open(context.Background(), Config{Path: filepath.Join(dir, "service.db")})
		must(t, err)
		if got := valuesOf(t, store); got != "a" {
			t.Errorf("after the store was closed there is %q", got)
		}
		must(t, store.Close())
	})
}

func valuesOf(t *testing.T, store *sqlstore.Store) (keys string) {
	t.Helper()
	must(t, store.DB().QueryRowContext(context.Background(), `SELECT group_concat(key) FROM value`).Scan(&keys))
	return keys
}

// A relay that looked for work under its fence, and lost the lease before its turn to write came, must number nothing.
func TestRelayIsFencedWhileItWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		store, err := Open(ctx, Config{Path: filepath.Join(dir, "service.db"), Schema: valueSchema})
		must(t, err)
		must(t, store.Setup(ctx, driver.Setup{Owns: []driver.TopicSize{{Topic: "orders", Partitions: 1}}}))
		must(t, store.EnsureCursors(ctx, driver.RelayGroup, map[driver.Partition]driver.Position{driver.RelayLease: driver.Start}))
		old, _, err := store.Acquire(ctx, driver.RelayGroup, driver.RelayLease, "me", 1e12)
		must(t, err)
		publish(t, store, "a")

		writer, err := store.Begin(ctx, driver.TxOptions{})
		must(t, err)
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, ok, err := store.Acquire(ctx, driver.RelayGroup, driver.RelayLease, "me", 1e12); err != nil || !ok {
				t.Error("acquire again:", ok, err)
			}
		})
		synctest.Wait()
		waiting.Go(func() {
			if _, err := store.Number(ctx, old.Fence, 100); !errors.Is(err, driver.ErrFenced) {
				t.Error("number under the fence before:", err)
			}
		})
		synctest.Wait() // it has looked, under the fence that was current then, and waits behind the other
		must(t, writer.Rollback(ctx))
		waiting.Wait()
		if n, _, err := store.Pending(ctx); err != nil || n != 1 {
			t.Errorf("%d events wait to be numbered: %v", n, err)
		}
		must(t, store.Close())
	})
}
