package postgres

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/testserver"
)

// files are migrations, as name and statement in turn.
func files(list ...string) fs.FS {
	made := fstest.MapFS{}
	for i := 0; i < len(list); i += 2 {
		made[list[i]+".sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + list[i+1] + ";\n")}
	}
	return made
}

// openAtOnce lets ten processes open a store at the same moment.
func openAtOnce(t *testing.T, c Config) {
	t.Helper()
	var all sync.WaitGroup
	start, failures := make(chan struct{}), make([]error, 10)
	for i := range failures {
		all.Go(func() {
			<-start
			failures[i] = openAndClose(t, c)
		})
	}
	close(start)
	all.Wait()
	must(t, errors.Join(failures...))
}

func openAndClose(t testing.TB, c Config) error {
	store, err := Open(t.Context(), c)
	if err == nil {
		err = store.Close()
	}
	return err
}

// TestTenProcessesOpenAtOnce has migrations that would show it if they were run twice, or at the same time.
func TestTenProcessesOpenAtOnce(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *servers{"directly": startServer, "through PgBouncer": startPooled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			openedByTen(t, start(t))
		})
	}
}

func openedByTen(t *testing.T, server *servers) {
	c := Config{URL: server.addressOf("a"), Schema: server.schema(), Tables: valueTables}
	wants := func(query, want string) {
		t.Helper()
		if got := server.Do(`SELECT ` + query + ` FROM "` + c.Schema + `".` + "headrace_migration"); got != want {
			t.Errorf("%s of the migrations is %s, want %s", query, got, want)
		}
	}
	openAtOnce(t, c)
	wants("count(*) FILTER (WHERE version_id = 1)", "1")

	list := []string{"00001_run", "CREATE TABLE run (id BIGINT GENERATED ALWAYS AS IDENTITY, step BIGINT)", "00002_run", "INSERT INTO run (step) VALUES (2)"}
	c.Migrations = files(list...)
	openAtOnce(t, c)
	c.Migrations = files(append(list, "00003_run", "INSERT INTO run (step) SELECT 3 FROM run")...)
	openAtOnce(t, c)
	openAtOnce(t, c)
	if got := server.Do(`SELECT string_agg(step::TEXT, ' ' ORDER BY id) FROM "` + c.Schema + `".run`); got != "2 3" {
		t.Errorf("the service's migrations left %q, want each once", got)
	}

	fresh := c
	fresh.Schema = server.schema()
	openAtOnce(t, fresh)
	if got := server.Do(`SELECT string_agg(step::TEXT, ' ' ORDER BY id) FROM "` + fresh.Schema + `".run`); got != "2 3" {
		t.Errorf("in a new schema, the service's migrations left %q, want each once", got)
	}
	wants("max(version_id)", "1")
}

// TestMigrationsOfAnotherVersion opens a database that a newer version of the service has migrated, and one whose migrations have a hole.
func TestMigrationsOfAnotherVersion(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	c := Config{URL: server.URL(), Schema: server.schema()}
	c.Migrations = files("00001_a", "CREATE TABLE a ()", "00003_c", "CREATE TABLE c ()")
	must(t, openAndClose(t, c))
	c.Migrations = files("00001_a", "CREATE TABLE a ()")
	must(t, openAndClose(t, c))
	c.Migrations = files("00001_a", "CREATE TABLE a ()", "00002_b", "CREATE TABLE b ()", "00003_c", "CREATE TABLE c ()")
	if err := openAndClose(t, c); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("opening with a migration that comes too late: %v; want an error that says so", err)
	}
}

// TestTenProcessesSetUpAtOnce has a service start in ten processes where the database's default is stricter than what the store needs: none may
// fail because of the others.
func TestTenProcessesSetUpAtOnce(t *testing.T) {
	t.Parallel()
	server := &servers{PostgresServer: testserver.Postgres(t, "default_transaction_isolation = 'serializable'")}
	store := openFor(t, server, Config{})
	setup := driver.Setup{Service: "orders", Owns: []driver.TopicSize{{Topic: "orders", Partitions: 16}}}
	cursors := map[driver.Partition]driver.Position{}
	for n := range 16 {
		cursors[driver.Partition{Topic: "orders", Number: n}] = driver.Start
	}
	var all sync.WaitGroup
	start, failures := make(chan struct{}), make([]error, 10)
	for i := range failures {
		all.Go(func() {
			<-start
			failures[i] = errors.Join(store.Setup(t.Context(), setup), store.EnsureCursors(t.Context(), "orders", cursors))
		})
	}
	close(start)
	all.Wait()
	must(t, errors.Join(failures...))
}
