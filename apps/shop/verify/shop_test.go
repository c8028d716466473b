package verify

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/headrace/headrace/drivers/sqlstore/postgres"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
	"github.com/headrace/headrace/drivers/testserver"
)

// shop is the databases of a small shop, and a way to do something to one of them behind the shop's back.
type shop struct {
	source Source
	change func(t *testing.T, database, statement string)
}

// onFiles writes a shop in which every invariant holds, and returns a function that makes a copy of it.
func onFiles(t *testing.T) func(*testing.T) shop {
	t.Helper()
	sound := newFiles(t)
	return func(t *testing.T) shop {
		t.Helper()
		directory := t.TempDir()
		if err := os.CopyFS(directory, os.DirFS(sound)); err != nil {
			t.Fatal(err)
		}
		return shop{Source{Directory: directory}, func(t *testing.T, database, statement string) {
			t.Helper()
			change(t, directory, database, statement)
		}}
	}
}

func newFiles(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	for _, name := range services() {
		store, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(directory, name+".db"), Schema: text(t, "..", name, "schema.sql")})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		change(t, directory, name, text(t, "testdata", name+".sql"))
	}
	newProvider(t, directory)
	return directory
}

func newProvider(t *testing.T, directory string) {
	t.Helper()
	change(t, directory, "provider", text(t, "..", "payments", "provider", "schema.sql"))
	change(t, directory, "provider", text(t, "testdata", "provider.sql"))
}

// onServer is the same on a server, in which nothing is checked that a lie might break. There are two databases, which take turns: to make one
// costs more than to write a small shop anew.
func onServer(t *testing.T) func(*testing.T) shop {
	t.Helper()
	server := testserver.Postgres(t, "fsync = off")
	free := make(chan string, 2)
	for n := range cap(free) {
		name := fmt.Sprint("shop", n)
		server.Do(`CREATE DATABASE ` + name)
		free <- newSchemas(t, at(server, name))
	}
	return func(t *testing.T) shop {
		t.Helper()
		s := shop{source: Source{Directory: t.TempDir(), Postgres: <-free}}
		t.Cleanup(func() { free <- s.source.Postgres })
		newProvider(t, s.source.Directory)
		for _, name := range services() {
			do(t, s.source.Postgres, name, text(t, "testdata", "empty.sql")+text(t, "testdata", name+".sql"))
		}
		s.change = func(t *testing.T, database, statement string) {
			t.Helper()
			if database == "provider" {
				change(t, s.source.Directory, database, statement)
			} else {
				do(t, s.source.Postgres, database, statement)
			}
		}
		return s
	}
}

// newSchemas makes the schemas of a shop, and returns the url.
func newSchemas(t *testing.T, url string) string {
	t.Helper()
	for _, name := range services() {
		store, err := postgres.Open(t.Context(), postgres.Config{URL: url, Schema: name, Tables: text(t, "..", name, "schema.sql")})
		if err == nil {
			err = store.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	do(t, url, "inventory", `ALTER TABLE stock DROP CONSTRAINT stock_on_hand_check`)
	return url
}

// at is the address of one of a server's databases.
func at(s *testserver.PostgresServer, database string) string {
	return s.URL() + "&dbname=" + database
}

// do runs statements in a schema.
func do(t *testing.T, url, schema, statements string) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["search_path"] = schema
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.PgConn().Exec(t.Context(), statements).ReadAll()
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
}

func text(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// change runs statements on a file.
func change(t *testing.T, directory, name, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(directory, name+".db")+"?_pragma=ignore_check_constraints(1)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), statements)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
