package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
)

// Config is where a store is and what a service adds to it. Path is required.
type Config struct {
	// Path is the database's file. It and the directories on the way to it are created when they are missing. Beside it stand
	// SQLite's own files and the lock, <path>.lock.
	Path string
	// Schema is the DDL of the service's own tables. It runs at every Open, so it must be idempotent (CREATE TABLE IF NOT EXISTS).
	Schema string
	// Clock tells the time by which leases expire and timers fall due. Default: the machine's clock.
	Clock driver.Clock
}

//go:embed schema.sql
var schema string

// schemaVersion is the version of schema.sql. A database of a later one is not touched.
const schemaVersion = 1

// Open opens the database and makes its tables. Nobody else can open it until it is closed or the process dies: the error wraps
// [driver.ErrLocked] then, and names the lock's file and the process that has it. Leases that the process before held are free and dirty.
//
// The caller closes the store; closing waits for transactions under way.
func Open(ctx context.Context, c Config) (*sqlstore.Store, error) {
	store, err := open(ctx, c, sqlite.NewConnector)
	if err != nil {
		return nil, fmt.Errorf("open sqlite store %s: %w", c.Path, err)
	}
	return store, nil
}

// base makes what opens plain connections of the SQLite driver, for a name as [dsn] writes it.
type base func(name string) (sqldriver.Connector, error)

func open(ctx context.Context, c Config, connect base) (*sqlstore.Store, error) {
	path, err := prepare(c.Path)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	f, err := openFile(path, lock, connect)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	if err := f.setUp(ctx, c.Schema); err != nil {
		return nil, errors.Join(explain(err), f.close())
	}
	return sqlstore.New(sqlstore.Config{
		Dialect: dialect{c.Clock}, Writer: f.writer, Reader: f.reader, Writers: 1, Clock: c.Clock, Close: f.close,
	}), nil
}

// prepare makes a file that is missing, and its directory. It returns the file's one name, so that it has one lock however it is called. A
// file that is there is not opened: closing it again would take the locks of whoever has it open in this process.
func prepare(path string) (string, error) {
	if path == "" {
		return "", errors.New("no path given")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		err = file.Close()
	case errors.Is(err, fs.ErrExist):
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("make file: %w", err)
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("find file: %w", err)
	}
	return filepath.Abs(resolved)
}

// file is an open database file: one connection that writes, some that read, and the lock.
type file struct {
	writer *sql.DB
	reader *sql.DB
	lock   *fileLock
}

func openFile(path string, lock *fileLock, connect base) (*file, error) {
	writes, err := connect(dsn(path, false))
	if err != nil {
		return nil, err
	}
	reads, err := connect(dsn(path, true))
	if err != nil {
		return nil, err
	}
	f := &file{writer: sql.OpenDB(connector{writes, false}), reader: sql.OpenDB(connector{reads, true}), lock: lock}
	keepOpen(f.writer, 1)
	keepOpen(f.reader, max(4, runtime.GOMAXPROCS(0)))
	return f, nil
}

func keepOpen(db *sql.DB, connections int) {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
}

// close closes all connections, the last of which puts the log into the file, and then lets others in.
func (f *file) close() error {
	return errors.Join(f.reader.Close(), f.writer.Close(), f.lock.release())
}

// setUp makes all tables and frees what a process that died held, in one transaction.
func (f *file) setUp(ctx context.Context, own string) error {
	tx, err := f.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to roll back
	var mode string
	if err := tx.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return fmt.Errorf("read the journal mode: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("the file system does not let SQLite keep a write-ahead log (journal mode is %q)", mode)
	}
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("make headrace's tables: %w", err)
	}
	if err := checkVersion(ctx, tx); err != nil {
		return err
	}
	if own != "" {
		if _, err := tx.ExecContext(ctx, own); err != nil {
			return fmt.Errorf("make the service's tables: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE headrace_lease SET owner = '', expires = 0`); err != nil {
		return fmt.Errorf("free leases: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM headrace_member`); err != nil {
		return fmt.Errorf("forget members: %w", err)
	}
	return tx.Commit()
}

func checkVersion(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO headrace_schema (version) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM headrace_schema)`, schemaVersion)
	if err != nil {
		return fmt.Errorf("record the version of headrace's tables: %w", err)
	}
	var version int
	if err := tx.QueryRowContext(ctx, `SELECT version FROM headrace_schema`).Scan(&version); err != nil {
		return fmt.Errorf("read the version of headrace's tables: %w", err)
	}
	if version > schemaVersion {
		return fmt.Errorf("headrace's tables are of version %d, made by a newer release; this one knows versions up to %d", version, schemaVersion)
	}
	return nil
}

// explain says what is wrong with a file that SQLite cannot read.
func explain(err error) error {
	switch primaryCode(err) {
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is not an SQLite database: %w", err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("the database is damaged: %w", err)
	}
	return err
}
