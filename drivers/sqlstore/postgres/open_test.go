package postgres

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/headrace/headrace/driver"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	c := Config{URL: server.URL(), Schema: server.schema()}
	store, err := Open(t.Context(), c)
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	server.Do(`INSERT INTO "` + c.Schema + `".headrace_migration (version_id, is_applied) VALUES (1000, true)`)
	for want, c := range map[string]Config{
		"newer release":          c,
		"no schema":              {URL: server.URL()},
		"one of URL and Pool":    {Schema: "s"},
		"make the service's tab": {URL: server.URL(), Schema: "s", Tables: "CREATE NONSENSE"},
		"00002_wrong.sql":        {URL: server.URL(), Schema: "s", Migrations: files("00001_right", "CREATE TABLE x ()", "00002_wrong", "CREATE NONSENSE")},
	} {
		store, err := Open(t.Context(), c)
		if err == nil {
			t.Errorf("opening %+v does not fail", c)
			_ = store.Close()
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("opening %+v: %v; want something about %q", c, err, want)
		}
	}
	if n := server.Do(`SELECT count(*) FROM pg_namespace WHERE nspname = 's'`); n != "0" {
		t.Error("what failed left a schema behind")
	}
}

func begin(t testing.TB, store driver.Store) driver.Tx {
	t.Helper()
	tx, err := store.Begin(t.Context(), driver.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(t.Context()) }) // it may be over
	return tx
}

func exec(t testing.TB, tx driver.Tx, query string, arguments ...any) error {
	t.Helper()
	_, err := tx.(driver.SQLTx).SQL().ExecContext(t.Context(), query, arguments...)
	return err
}

// TestProcessesSetUpAtOnce: they name topics in whatever order. None of them gets in the way of another.
func TestProcessesSetUpAtOnce(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	for range 10 {
		schema := server.schema()
		errs := make([]error, 6)
		stores := make([]driver.Store, len(errs))
		for n := range stores {
			store, err := Open(t.Context(), Config{URL: server.URL(), Schema: schema})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			stores[n] = store
		}
		var setUps sync.WaitGroup
		for n, store := range stores {
			topics := make([]driver.TopicSize, 8)
			for i := range topics {
				topics[i] = driver.TopicSize{Topic: "topic " + parameter((i+n)%len(topics)), Partitions: 2}
			}
			setup := driver.Setup{Service: "s", Owns: topics[:4], Follows: topics[4:]}
			setUps.Go(func() { errs[n] = store.Setup(t.Context(), setup) })
		}
		setUps.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
}
