package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
)

// resultCode is an error as SQLite's driver returns it.
type resultCode int

func (resultCode) Error() string { return "failed on purpose" }

func (c resultCode) Code() int { return int(c) }

// failing makes the statements that begin with some words fail.
func failing(words string, code int) func(string) error {
	return func(query string) error {
		if strings.HasPrefix(query, words) {
			return resultCode(code)
		}
		return nil
	}
}

// What an error of COMMIT means decides whether a service may do its work again: it must be neither too sure nor too careful.
func TestCommitErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code     int
		conflict bool
		unknown  bool
	}{
		"busy":             {sqlite3.SQLITE_BUSY, true, false},
		"busy snapshot":    {sqlite3.SQLITE_BUSY_SNAPSHOT, true, false},
		"full":             {sqlite3.SQLITE_FULL, false, false},
		"foreign key":      {sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, false, false},
		"fsync failed":     {sqlite3.SQLITE_IOERR_FSYNC, false, true},
		"write failed":     {sqlite3.SQLITE_IOERR_WRITE, false, true},
		"no memory":        {sqlite3.SQLITE_NOMEM, false, false},
		"database damaged": {sqlite3.SQLITE_CORRUPT, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProcess(t, filepath.Join(t.TempDir(), "service.db"), nil)
			p.faults.set(failing("COMMIT", c.code))
			err := in(t, p.store, put("a"))
			if err == nil || errors.Is(err, driver.ErrConflict) != c.conflict || errors.Is(err, driver.ErrUnknownOutcome) != c.unknown {
				t.Fatalf("error is %v: want a conflict %v, an unknown outcome %v", err, c.conflict, c.unknown)
			}
			p.faults.set(nil)
			must(t, in(t, p.store, put("b"))) // there is no transaction left on the connection
			if got := values(t, p.store.(*sqlstore.Store)); got != "b" {
				t.Errorf("there is %q", got)
			}
		})
	}
}

func TestBeginConflicts(t *testing.T) {
	t.Parallel()
	p := startProcess(t, filepath.Join(t.TempDir(), "service.db"), nil)
	p.faults.set(failing("BEGIN", sqlite3.SQLITE_BUSY))
	for range 2 { // a begin that failed leaves nobody's turn behind
		if _, err := p.store.Begin(t.Context(), driver.TxOptions{}); !errors.Is(err, driver.ErrConflict) {
			t.Fatalf("begin while somebody else has the database locked: %v", err)
		}
	}
	p.faults.set(nil)
	must(t, in(t, p.store, put("a")))
}

// A statement that fails within the store's own transactions undoes them, and is reported as what it is.
func TestDiskErrorsSurface(t *testing.T) {
	t.Parallel()
	p := startProcess(t, filepath.Join(t.TempDir(), "service.db"), nil)
	ctx, store := t.Context(), p.store
	must(t, store.Setup(ctx, driver.Setup{Owns: []driver.TopicSize{{Topic: "orders", Partitions: 1}}}))
	must(t, store.EnsureCursors(ctx, driver.RelayGroup, map[driver.Partition]driver.Position{driver.RelayLease: driver.Start}))
	l, _, err := store.Acquire(ctx, driver.RelayGroup, driver.RelayLease, "me", 1e12)
	must(t, err)
	publish(t, store, "a", "b")
	for _, words := range []string{"DELETE FROM headrace_outbox", "UPDATE headrace_head", "INSERT INTO headrace_journal"} {
		p.faults.set(failing(words, sqlite3.SQLITE_IOERR_READ))
		_, err := store.Number(ctx, l.Fence, 100)
		if primaryCode(err) != sqlite3.SQLITE_IOERR || errors.Is(err, driver.ErrUnknownOutcome) {
			t.Errorf("number while %q fails: %v", words, err)
		}
		p.faults.set(nil)
		if n, _, err := store.Pending(ctx); err != nil || n != 2 {
			t.Errorf("after a failed call %d events wait: %v", n, err)
		}
	}
	numbered, err := store.Number(ctx, l.Fence, 100)
	must(t, err)
	if len(numbered.Batches) != 1 || numbered.Batches[0].Entries[1].Position != (driver.Position{Epoch: 1, Seq: 2}) {
		t.Errorf("numbered %+v", numbered)
	}
}

func publish(t *testing.T, store driver.Store, texts ...string) {
	t.Helper()
	tx, _ := begin(t, store, driver.TxOptions{})
	for _, text := range texts {
		m := driver.Message{Partition: driver.Partition{Topic: "orders"}, Key: "key", Data: []byte(text)}
		must(t, tx.Publish(t.Context(), []driver.Message{m}))
	}
	must(t, tx.Commit(t.Context()))
}

// After a method that writes has failed, half of its effect may be there: the transaction cannot be committed any more.
func TestFailedTransactionCannotBeCommitted(t *testing.T) {
	t.Parallel()
	p := startProcess(t, filepath.Join(t.TempDir(), "service.db"), nil)
	tx, own := begin(t, p.store, driver.TxOptions{})
	must(t, put("a")(t.Context(), own))
	p.faults.set(failing("INSERT INTO headrace_outbox", sqlite3.SQLITE_CONSTRAINT))
	message := driver.Message{Partition: driver.Partition{Topic: "orders"}, Key: "key"}
	if err := tx.Publish(t.Context(), []driver.Message{message}); err == nil {
		t.Fatal("a fault had no effect")
	}
	p.faults.set(nil)
	if err := tx.Publish(t.Context(), []driver.Message{message}); err == nil {
		t.Error("published in a transaction that had failed")
	}
	if err := tx.Commit(t.Context()); primaryCode(err) != sqlite3.SQLITE_CONSTRAINT {
		t.Errorf("commit of a transaction that had failed: %v", err)
	}
	if got := values(t, p.store.(*sqlstore.Store)); got != "" {
		t.Errorf("%q was committed", got)
	}
}
