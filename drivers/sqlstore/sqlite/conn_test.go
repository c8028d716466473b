package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
)

// forever is a statement that ends only when it is interrupted.
const forever = `INSERT INTO value (key, value) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'loop' || i, '' FROM n`

// A statement that was interrupted has taken its whole transaction with it. What follows must not be run as if it had not.
func TestInterruptedTransactionIsOver(t *testing.T) {
	t.Parallel()
	p := startProcess(t, filepath.Join(t.TempDir(), "service.db"), nil)
	store := p.store.(*sqlstore.Store)
	must(t, store.Setup(t.Context(), driver.Setup{Owns: []driver.TopicSize{{Topic: "orders", Partitions: 1}}}))
	tx, user := begin(t, store, driver.TxOptions{})
	must(t, put("before")(t.Context(), user))

	ctx, cancel := context.WithCancel(t.Context())
	p.faults.watch(cancel) // the statement has begun when it writes a row
	if _, err := user.ExecContext(ctx, forever); !errors.Is(err, context.Canceled) {
		t.Fatalf("statement that was interrupted: %v", err)
	}
	p.faults.watch(nil)
	if err := put("after")(t.Context(), user); err == nil || !strings.Contains(err.Error(), "rolled back already") {
		t.Errorf("statement after the one that was interrupted: %v", err)
	}
	message := driver.Message{Partition: driver.Partition{Topic: "orders"}, Key: "a", Data: []byte("{}")}
	if err := tx.Publish(t.Context(), []driver.Message{message}); err == nil {
		t.Error("published in a transaction that is over")
	}
	if err := tx.Commit(t.Context()); err == nil || errors.Is(err, driver.ErrUnknownOutcome) {
		t.Errorf("commit of a transaction that is over: %v", err)
	}
	if got := values(t, store); got != "" {
		t.Errorf("%q is there although the transaction failed", got)
	}
	if n, _, err := store.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d events are there although the transaction failed: %v", n, err)
	}
	must(t, in(t, store, put("next")))
	if got := values(t, store); got != "next" {
		t.Errorf("the next transaction wrote %q", got)
	}
}

func TestStatementsCannotEndATransaction(t *testing.T) {
	t.Parallel()
	store := openStore(t, filepath.Join(t.TempDir(), "service.db"), valueSchema)
	for _, end := range []string{"COMMIT", "ROLLBACK", "END"} {
		err := in(t, store, func(ctx context.Context, tx *sql.Tx) error {
			must(t, put(end)(ctx, tx))
			_, _ = tx.ExecContext(ctx, end) // whatever it answers
			_ = put("after "+end)(ctx, tx)
			return nil
		})
		if err == nil {
			t.Errorf("a transaction that was ended by %s could be committed", end)
		}
	}
	if got := values(t, store); got != "" {
		t.Errorf("%q is there: a part of a transaction", got)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	store := openStore(t, filepath.Join(t.TempDir(), "service.db"), valueSchema)
	const insert = `INSERT INTO value (key, value) VALUES ('a', 'b')`
	if _, err := store.DB().ExecContext(t.Context(), insert); !errors.Is(err, driver.ErrReadOnly) {
		t.Errorf("write outside of a transaction: %v", err)
	}
	view, own := begin(t, store, driver.TxOptions{ReadOnly: true})
	if _, err := own.ExecContext(t.Context(), insert); !errors.Is(err, driver.ErrReadOnly) {
		t.Errorf("write in a read-only transaction: %v", err)
	}
	must(t, view.Rollback(t.Context()))
	if got := values(t, store); got != "" {
		t.Errorf("a reader wrote %q", got)
	}
}

// The same text can be running several times on one connection, and more texts than a connection keeps can be used.
func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	store := openStore(t, filepath.Join(t.TempDir(), "service.db"), valueSchema)
	var got []int
	var nest func(ctx context.Context, tx *sql.Tx, depth int) error
	nest = func(ctx context.Context, tx *sql.Tx, depth int) error {
		rows, err := tx.QueryContext(ctx, `SELECT column1 FROM (VALUES (1), (2), (3))`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				return err
			}
			got = append(got, n)
			if depth == 0 {
				continue
			}
			if err := nest(ctx, tx, depth-1); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	must(t, in(t, store, func(ctx context.Context, tx *sql.Tx) error { return nest(ctx, tx, 2) }))
	if len(got) != 3+9+27 {
		t.Errorf("nested queries read %d rows: %v", len(got), got)
	}
	db, err := store.DB().Conn(t.Context())
	must(t, err)
	for n := range 3 * maxStatements {
		var read int
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d", n)).Scan(&read); err != nil || read != n {
			t.Fatalf("statement %d read %d: %v", n, read, err)
		}
	}
	must(t, db.Raw(func(c any) error {
		if kept := len(c.(*conn).statements); kept == 0 || kept > maxStatements {
			t.Errorf("a connection keeps %d statements, want some and at most %d", kept, maxStatements)
		}
		return nil
	}))
	must(t, db.Close())
}

func TestPreparedStatements(t *testing.T) {
	t.Parallel()
	store := openStore(t, filepath.Join(t.TempDir(), "service.db"), valueSchema)
	must(t, in(t, store, func(ctx context.Context, tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO value (key, value) VALUES ($1, $2) RETURNING key`)
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }() // the connection closes it, too
		for _, key := range []string{"a", "b"} {
			var back string
			if err := insert.QueryRowContext(ctx, key, "").Scan(&back); err != nil || back != key {
				return fmt.Errorf("got %q back: %w", back, err)
			}
		}
		_, err = insert.ExecContext(ctx, "c", "")
		return err
	}))
	if got := values(t, store); got != "a,b,c" {
		t.Errorf("prepared statements wrote %q", got)
	}
}

// When the disk is full SQLite rolls the transaction back; when there is room again everything goes on.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	store := openStore(t, filepath.Join(t.TempDir(), "service.db"), valueSchema)
	limit := func(pages int) {
		must(t, in(t, store, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		}))
	}
	must(t, store.Setup(t.Context(), driver.Setup{Owns: []driver.TopicSize{{Topic: "orders", Partitions: 1}}}))
	limit(1) // as many as there are
	big := driver.Message{Partition: driver.Partition{Topic: "orders"}, Key: "a", Data: make([]byte, 1<<20)}
	tx, own := begin(t, store, driver.TxOptions{})
	must(t, put("a")(t.Context(), own))
	err := tx.Publish(t.Context(), []driver.Message{big})
	if primaryCode(err) != sqlite3.SQLITE_FULL || errors.Is(err, driver.ErrConflict) {
		t.Fatalf("publish on a full disk: %v", err)
	}
	if err := tx.Commit(t.Context()); err == nil || errors.Is(err, driver.ErrUnknownOutcome) {
		t.Errorf("commit after the disk was full: %v", err)
	}
	if got := values(t, store); got != "" {
		t.Errorf("%q is there although the transaction failed", got)
	}
	limit(100_000)
	tx, _ = begin(t, store, driver.TxOptions{})
	must(t, tx.Publish(t.Context(), []driver.Message{big}))
	must(t, tx.Commit(t.Context()))
}

// A connection of which nobody knows whether its transaction has ended is not used again.
func TestBrokenConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	p := startProcess(t, filepath.Join(t.TempDir(), "service.db"), nil)
	tx, own := begin(t, p.store, driver.TxOptions{})
	must(t, put("a")(t.Context(), own))
	p.faults.set(failing("ROLLBACK", sqlite3.SQLITE_IOERR))
	if err := tx.Rollback(t.Context()); primaryCode(err) != sqlite3.SQLITE_IOERR {
		t.Errorf("rollback that fails: %v", err)
	}
	p.faults.set(nil)
	must(t, in(t, p.store, put("b")))
	if got := values(t, p.store.(*sqlstore.Store)); got != "b" {
		t.Errorf("there is %q", got)
	}
}
