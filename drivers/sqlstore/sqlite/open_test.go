package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openStore opens a store that is closed with the test.
func openStore(t testing.TB, path, schema string) *sqlstore.Store {
	t.Helper()
	store, err := Open(t.Context(), Config{Path: path, Schema: schema})
	must(t, err)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// begin opens a transaction that ends with the test, if it has not ended before.
func begin(t testing.TB, store driver.Store, o driver.TxOptions) (driver.Tx, *sql.Tx) {
	t.Helper()
	tx, err := store.Begin(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // so that Close, which waits for it, returns after a failure
	return tx, tx.(driver.SQLTx).SQL()
}

// in runs a function in a transaction and commits it.
func in(t testing.TB, store driver.Store, f func(ctx context.Context, tx *sql.Tx) error) error {
	t.Helper()
	tx, own := begin(t, store, driver.TxOptions{})
	err := f(t.Context(), own)
	if err == nil {
		err = tx.Commit(t.Context())
	}
	must(t, tx.Rollback(t.Context()))
	return err
}

// put writes a row of the table of valueSchema.
func put(key string) func(ctx context.Context, tx *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO value (key, value) VALUES ($1, 'there')`, key)
		return err
	}
}

// values are the keys that were put, joined.
func values(t testing.TB, store *sqlstore.Store) (keys string) {
	t.Helper()
	must(t, store.DB().QueryRowContext(t.Context(), `SELECT coalesce(group_concat(key ORDER BY key), '') FROM value`).Scan(&keys))
	return keys
}

func TestOpenMakesDirectories(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "of the", "service.db")
	store := openStore(t, path, valueSchema)
	must(t, in(t, store, put("a")))
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
}

func TestOpenTakesAnyFileName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "what?.db", "100%.db", "no#1.db", "a%20b.db", "käse.db", "file:x.db"} {
		path := filepath.Join(t.TempDir(), name)
		store := openStore(t, path, valueSchema)
		must(t, in(t, store, put("a")))
		must(t, store.Close())
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if got := values(t, openStore(t, path, valueSchema)); got != "a" {
			t.Errorf("%q: opened again it has %q", name, got)
		}
	}
}

func TestOpenRunsSchemaInOneTransaction(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "service.db")
	_, err := Open(t.Context(), Config{Path: path, Schema: valueSchema + `; CREATE TABLE oops (`})
	if err == nil || !strings.Contains(err.Error(), "the service's tables") || !strings.Contains(err.Error(), path) {
		t.Fatalf("open with broken DDL: %v", err)
	}
	store := openStore(t, path, "")
	if err := in(t, store, put("a")); err == nil {
		t.Fatal("a table of DDL that failed is there")
	}
	must(t, store.Close())
	store = openStore(t, path, valueSchema)
	must(t, in(t, store, put("a")))
	must(t, store.Close())
	if got := values(t, openStore(t, path, valueSchema)); got != "a" {
		t.Fatalf("after the schema ran again there is %q", got)
	}
}

func TestOpenSaysWhatIsWrongWithTheFile(t *testing.T) {
	t.Parallel()
	damage := func(t *testing.T, path string) {
		store := openStore(t, path, valueSchema)
		must(t, store.Close())
		content, err := os.ReadFile(path)
		must(t, err)
		for i := 100; i < len(content); i++ {
			content[i] = 0xa5
		}
		must(t, os.WriteFile(path, content, 0o600))
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"something else": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("no database\n"), 400), 0o600))
		}, "is not an SQLite database"},
		"damaged":   {damage, "damaged"},
		"directory": {func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, "unable to open database file"},
		"newer": {func(t *testing.T, path string) {
			store := openStore(t, path, "")
			must(t, in(t, store, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `UPDATE headrace_schema SET version = 99`)
				return err
			}))
			must(t, store.Close())
		}, "version 99, made by a newer release"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "service.db")
			c.prepare(t, path)
			for range 2 { // the first failure must leave no lock behind
				_, err := Open(t.Context(), Config{Path: path})
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
					t.Fatalf("error is %v: want one that names %s and says %q", err, path, c.want)
				}
			}
		})
	}
}

func TestOpenRefusesALinkToNothing(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "link.db")
	must(t, os.Symlink(filepath.Join(t.TempDir(), "nothing.db"), link))
	if _, err := Open(t.Context(), Config{Path: link}); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("open a link to nothing: %v", err)
	}
}

func TestOpenNeedsAPath(t *testing.T) {
	t.Parallel()
	if _, err := Open(t.Context(), Config{}); err == nil {
		t.Fatal("a store was opened without a path")
	}
}

func TestOpenKeepsTablesOfOthers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.db")
	app, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = app.ExecContext(t.Context(), valueSchema+`; INSERT INTO value (key, value) VALUES ('old', 'of an application that had no events')`)
	must(t, errors.Join(err, app.Close()))
	store := openStore(t, path, valueSchema)
	must(t, in(t, store, put("new")))
	if got := values(t, store); got != "new,old" {
		t.Fatalf("the database of an application has %q afterwards", got)
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "service.db")
	store := openStore(t, path, valueSchema)
	must(t, in(t, store, put("a")))
	if got := values(t, store); got != "a" { // opens a connection that reads
		t.Fatal(got)
	}
	must(t, store.Close())
	must(t, store.Close())
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there after Close: %v", path+suffix, err)
		}
	}
}

func TestPartitionsCannotChange(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "service.db")
	orders := func(n int) driver.Setup {
		return driver.Setup{Service: "orders", Owns: []driver.TopicSize{{Topic: "orders", Partitions: n}}}
	}
	store := openStore(t, path, "")
	must(t, store.Setup(t.Context(), orders(4)))
	must(t, store.Close())
	store = openStore(t, path, "")
	err := store.Setup(t.Context(), orders(8))
	if !errors.Is(err, driver.ErrPartitions) {
		t.Fatalf("set up with another number of partitions: %v", err)
	}
	for _, part := range []string{`"orders"`, "with 4", "have 8", "another name"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	heads, err := store.Heads(t.Context())
	must(t, err)
	if len(heads) != 4 {
		t.Errorf("there are %d heads after the refused setup", len(heads))
	}
}

// Any tool that reads SQLite makes a copy of a store that is working, and the copy is a store.
func TestCopyByAnotherTool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openStore(t, filepath.Join(dir, "service.db"), valueSchema)
	must(t, in(t, store, put("a")))
	writer, own := begin(t, store, driver.TxOptions{})
	must(t, put("b")(t.Context(), own))
	tool, err := sql.Open("sqlite", filepath.Join(dir, "service.db"))
	must(t, err)
	_, err = tool.ExecContext(t.Context(), `VACUUM INTO $1`, filepath.Join(dir, "copy.db"))
	must(t, errors.Join(err, tool.Close()))
	must(t, writer.Commit(t.Context()))
	if got := values(t, openStore(t, filepath.Join(dir, "copy.db"), valueSchema)); got != "a" {
		t.Errorf("the copy has %q", got)
	}
}
