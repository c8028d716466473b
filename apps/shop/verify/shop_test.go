package verify

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
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

// onServer is the same on a server: each copy is a database of its own, in which nothing is checked that a lie might break.
func onServer(t *testing.T) func(*testing.T) shop {
	t.Helper()
	server := testserver.Postgres(t, "fsync = off")
	server.Do(`CREATE DATABASE sound`)
	for _, name := range services() {
		store, err := postgres.Open(t.Context(), postgres.Config{URL: at(server, "sound"), Schema: name, Tables: text(t, "..", name, "schema.sql")})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		do(t, at(server, "sound"), name, text(t, "testdata", name+".sql"))
	}
	do(t, at(server, "sound"), "inventory", `ALTER TABLE stock DROP CONSTRAINT stock_on_hand_check`)
	copies := &atomic.Int64{}
	return func(t *testing.T) shop {
		t.Helper()
		name := fmt.Sprint("copy", copies.Add(1))
		server.Do(`CREATE DATABASE ` + name + ` TEMPLATE sound STRATEGY file_copy`)
		s := shop{source: Source{Directory: t.TempDir(), Postgres: at(server, name)}}
		newProvider(t, s.source.Directory)
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
