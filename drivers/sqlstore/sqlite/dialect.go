package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/headrace/headrace/driver"
)

// dialect is the [sqlstore.Dialect] of SQLite. Its clock is the one that was injected: the database has none that tests could set.
type dialect struct{ clock driver.Clock }

func (dialect) Now() string { return "$1" }

func (d dialect) NowArgument() any { return d.clock.Now().UnixMicro() }

// Lock is not needed, nor is LockKeys: a transaction that writes has the whole database for itself.
func (dialect) Lock() string { return "" }

func (dialect) LockKeys(context.Context, *sql.Tx, []driver.Message) error { return nil }

func (dialect) Heartbeat() string { return "" }

func (dialect) Prefix() string { return "" }

// Context cuts a context loose: to watch it during a statement costs more than the statement.
func (dialect) Context(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// insertRows is how many rows one statement inserts. More make it no faster, and each number of rows below it is a statement of its own.
const insertRows = 16

func (dialect) Insert(ctx context.Context, tx *sql.Tx, table string, columns []string, values []any) error {
	for len(values) > 0 {
		n := min(len(values), insertRows*len(columns))
		if _, err := tx.ExecContext(ctx, insertSQL(table, columns, n/len(columns)), values[:n]...); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// insertSQL has parameters without numbers: those with numbers are looked up one by one, each time.
func insertSQL(table string, columns []string, rows int) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, rows-1)
}

// Conflict implements [sqlstore.Dialect]: somebody else had the database locked for too long.
func (dialect) Conflict(err error) bool {
	code := primaryCode(err)
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// UnknownOutcome implements [sqlstore.Dialect]. When the log cannot be synchronised, SQLite forgets the transaction, but what was written of
// it may be found to be complete after a crash.
func (dialect) UnknownOutcome(err error) bool { return primaryCode(err) == sqlite3.SQLITE_IOERR }

// primaryCode is SQLite's result code without its extension; 0 if the error is not SQLite's.
func primaryCode(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code() & 0xff
	}
	return 0
}
