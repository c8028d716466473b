package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// moment is one database as it was at one moment.
type moment struct {
	name string
	db   *sql.DB
	tx   *sql.Tx
}

// at opens a database for one moment, runs fn on it and closes it.
func (s Source) at(ctx context.Context, name string, fn func(moment) error) error {
	m, where, err := s.open(ctx, name)
	if err != nil {
		return err
	}
	defer m.close()
	m.name = name
	if err := fn(m); err != nil {
		return fmt.Errorf("read %s: %w", where, err)
	}
	return nil
}

// open also says what it is that was opened.
func (s Source) open(ctx context.Context, name string) (m moment, where string, err error) {
	if s.Postgres != "" && name != "provider" {
		where = "schema " + name
		m, err = openSchema(ctx, s.Postgres, name)
	} else {
		where = filepath.Join(s.Directory, name+".db")
		m, err = openFile(ctx, where)
	}
	if err != nil && !errors.Is(err, ErrNoData) {
		err = fmt.Errorf("open %s: %w", where, err)
	}
	return m, where, err
}

func openFile(ctx context.Context, path string) (moment, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return moment{}, fmt.Errorf("%w: %s does not exist", ErrNoData, path)
	}
	m, err := open(ctx, path, "ro")
	if readOnlyIsNotEnough(err) {
		m, err = open(ctx, path, "rw")
	}
	return m, err
}

// open begins the moment at once: the first read decides which it is.
func open(ctx context.Context, path, mode string) (moment, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode="+mode+"&_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		return moment{}, err
	}
	m := moment{db: db}
	if m.tx, err = db.BeginTx(ctx, nil); err == nil {
		var tables int
		err = m.tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables)
	}
	if err != nil {
		m.close()
		return moment{}, err
	}
	return m, nil
}

// readOnlyIsNotEnough tells a database that a crash left with a log to be replayed: that is writing, although nothing changes by it.
func readOnlyIsNotEnough(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_READONLY || e.Code()&0xff == sqlite3.SQLITE_CANTOPEN)
}

func (m moment) close() {
	if m.tx != nil {
		_ = m.tx.Rollback() // it has only read
	}
	_ = m.db.Close()
}

// each calls fn for every row.
func (m moment) each(ctx context.Context, query string, fn func(*sql.Rows) error) error {
	rows, err := m.tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
