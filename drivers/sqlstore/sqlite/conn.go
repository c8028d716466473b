package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	storedriver "github.com/headrace/headrace/driver"
)

// baseConn is what a connection of the SQLite driver can do, as far as it is used here.
type baseConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.SessionResetter
	driver.Validator
	sqlite.HookRegisterer
}

// conn is a connection that keeps its statements prepared.
//
// It also keeps a promise that SQLite does not: when a statement fails so badly that SQLite rolls the whole transaction back (it was
// interrupted, the disk is full), SQLite runs the statements that follow one by one, as if nothing had happened. Here they fail, and so does
// the commit.
type conn struct {
	baseConn
	begin      string
	readOnly   bool
	statements map[string]*statement

	open    bool  // there is a transaction
	ending  bool  // and it is being committed
	undone  bool  // SQLite has rolled it back already
	because error // what failed then
	broken  bool  // nobody knows what state it is in
}

// maxStatements is how many statements a connection keeps prepared before it starts anew.
const maxStatements = 256

func newConn(plain baseConn, readOnly bool) *conn {
	c := &conn{baseConn: plain, begin: "BEGIN IMMEDIATE", readOnly: readOnly, statements: map[string]*statement{}}
	if readOnly {
		c.begin = "BEGIN"
	}
	plain.RegisterRollbackHook(func() { c.undone = c.open })
	plain.RegisterCommitHook(c.mayCommit)
	return c
}

// mayCommit lets nothing but [transaction.Commit] end a transaction: what is not 0 turns a COMMIT into a ROLLBACK.
func (c *conn) mayCommit() int32 {
	if c.open && !c.ending {
		return 1
	}
	return 0
}

// ExecContext implements [driver.ExecerContext].
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	result, err := s.base.ExecContext(ctx, args)
	return result, c.note(err)
}

// QueryContext implements [driver.QueryerContext].
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := s.base.QueryContext(ctx, args)
	if err != nil {
		c.release(s)
		return nil, c.note(err)
	}
	return &rows{baseRows: found.(baseRows), conn: c, statement: s}, nil
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.aborted(); err != nil {
		return nil, err
	}
	base, err := c.baseConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &preparedStmt{baseStmt: base.(baseStmt), conn: c}, nil
}

// note remembers the error that made SQLite roll the transaction back, and says what a refusal to write means.
func (c *conn) note(err error) error {
	if err != nil && c.undone && c.because == nil {
		c.because = err
	}
	if c.readOnly && primaryCode(err) == sqlite3.SQLITE_READONLY {
		return fmt.Errorf("%w: %w", storedriver.ErrReadOnly, err)
	}
	return err
}

var errEnded = errors.New("a statement ended it")

// aborted returns why statements can no longer be run in this transaction.
func (c *conn) aborted() error {
	if !c.undone {
		return nil
	}
	return fmt.Errorf("transaction is rolled back already: %w", cmp.Or(c.because, errEnded))
}

// BeginTx implements [driver.ConnBeginTx]. Whatever isolation is asked for, a transaction has the strictest.
func (c *conn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	if err := c.run(c.begin); err != nil {
		return nil, err
	}
	c.open = true
	return transaction{c}, nil
}

// run runs a statement about transactions to its end.
func (c *conn) run(query string) error {
	s, err := c.statement(context.Background(), query)
	if err != nil {
		return err
	}
	defer c.release(s)
	_, err = s.base.ExecContext(context.Background(), nil)
	return err
}

// transaction is a transaction of a conn.
type transaction struct{ *conn }

// Commit implements [driver.Tx]. After an error there is no transaction any more.
func (t transaction) Commit() error {
	err := t.aborted()
	if err == nil {
		t.ending = true
		err = t.run("COMMIT")
		t.ending = false
	}
	if err != nil {
		return errors.Join(err, t.Rollback())
	}
	t.open = false
	return nil
}

// Rollback implements [driver.Tx].
func (t transaction) Rollback() error {
	undone := t.undone
	t.open, t.undone, t.because = false, false, nil
	if undone {
		return nil
	}
	err := t.run("ROLLBACK")
	t.broken = err != nil
	return err
}

// IsValid implements [driver.Validator].
func (c *conn) IsValid() bool { return !c.broken && c.baseConn.IsValid() }
