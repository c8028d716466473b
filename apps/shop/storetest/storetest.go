// Package storetest runs the tests of a service on every engine that the shop can keep its data in: the same tests, on a SQLite file and on a
// schema of a PostgreSQL server.
package storetest

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
	"github.com/headrace/headrace/drivers/sqlstore/postgres"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
	"github.com/headrace/headrace/drivers/testserver"
)

// Tests are those of a service.
type Tests struct {
	// Everywhere run on every engine.
	Everywhere map[string]func(*testing.T, *Database)
	// Together open the database more than once, as processes do: they run where that is possible.
	Together map[string]func(*testing.T, *Database)
}

// Run runs tests in parallel, each on a database of its own. All of them share one PostgreSQL server, which ends with t.
func Run(t *testing.T, tests Tests) {
	t.Helper()
	t.Parallel()
	server := testserver.Postgres(t, "deadlock_timeout = 50ms", "fsync = off")
	schemas := 0
	onServer := func() *Database {
		schemas++
		return &Database{url: server.URL() + "&pool_max_conns=8", schema: fmt.Sprintf("service %d", schemas)}
	}
	for name, test := range tests.Everywhere {
		start(t, name+"/sqlite", &Database{}, test)
		start(t, name+"/postgres", onServer(), test)
	}
	for name, test := range tests.Together {
		start(t, name, onServer(), test)
	}
}

func start(t *testing.T, name string, d *Database, test func(*testing.T, *Database)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		if d.url == "" {
			d.path = filepath.Join(t.TempDir(), "service.db")
		}
		test(t, d)
	})
}

// Database is what one test works on.
type Database struct {
	path        string // of the file
	url, schema string // of the server; empty: it is a file
}

// Open opens the database and makes the service's tables in it. A test may do that more than once, as several processes would, if it is one of
// [Tests.Together]. The store is closed when the test ends.
func (d *Database) Open(t testing.TB, tables string) driver.Store {
	t.Helper()
	store, err := d.open(t, tables)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil && !errors.Is(err, driver.ErrClosed) {
			t.Error(err)
		}
	})
	return store
}

func (d *Database) open(t testing.TB, tables string) (*sqlstore.Store, error) {
	t.Helper()
	if d.url == "" {
		return sqlite.Open(t.Context(), sqlite.Config{Path: d.path, Schema: tables})
	}
	return postgres.Open(t.Context(), postgres.Config{URL: d.url, Schema: d.schema, Tables: tables})
}
