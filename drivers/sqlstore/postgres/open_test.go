package postgres

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/headrace/headrace/driver"
)

func TestTenProcessesOpenAtOnce(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	c := Config{URL: server.URL(), Schema: server.schema(), Tables: valueTables}
	var all sync.WaitGroup
	start, failures := make(chan struct{}), make([]error, 10)
	for i := range failures {
		all.Go(func() {
			<-start
			store, err := Open(t.Context(), c)
			if err == nil {
				err = store.Close()
			}
			failures[i] = err
		})
	}
	close(start)
	all.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Error(err)
	}
	if n := server.Do(`SELECT count(*) FROM "` + c.Schema + `".headrace_schema`); n != "1" {
		t.Errorf("%s versions were recorded, want 1", n)
	}
}

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
	server.Do(`UPDATE "` + c.Schema + `".headrace_schema SET version = 2`)
	for want, c := range map[string]Config{
		"newer release":          c,
		"no schema":              {URL: server.URL()},
		"one of URL and Pool":    {Schema: "s"},
		"make the service's tab": {URL: server.URL(), Schema: "s", Tables: "CREATE NONSENSE"},
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
