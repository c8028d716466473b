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

// at opens a service's database for one moment, runs fn on it and closes it.
func at(ctx context.Context, directory, name string, fn func(moment) error) error {
	path := filepath.Join(directory, name+".db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s does not exist", ErrNoData, path)
	}
	m, err := open(ctx, path, "ro")
	if readOnlyIsNotEnough(err) {
		m, err = open(ctx, path, "rw")
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer m.close()
	m.name = name
	if err := fn(m); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
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
