package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// Tx is a transaction of a [Store]. One goroutine uses it at a time.
type Tx struct {
	session
	conn     *sql.Conn
	sql      *sql.Tx
	readOnly bool
	failed   error // why it can only be rolled back
	ended    bool
	seated   bool // it is one of the service
}

var (
	_ driver.Tx          = (*Tx)(nil)
	_ driver.SQLTx       = (*Tx)(nil)
	_ driver.LossChecker = (*Tx)(nil)
)

// Begin implements [driver.Store]. The transaction does not end with ctx: it lasts until Commit or Rollback.
func (s *Store) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	err := s.gate.sit(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	isolation := sql.LevelDefault // whatever the service has made the database's default
	if o.ReadOnly {
		isolation = sql.LevelRepeatableRead
	}
	t, err := s.begin(ctx, o.ReadOnly, isolation)
	if err != nil {
		s.gate.stand()
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	t.seated = true
	return t, nil
}

func (s *Store) begin(ctx context.Context, readOnly bool, isolation sql.IsolationLevel) (*Tx, error) {
	if err := s.gate.enter(ctx, !readOnly); err != nil {
		return nil, err
	}
	t, err := s.open(ctx, readOnly, isolation)
	if err != nil {
		s.gate.leave(!readOnly)
		return nil, s.classify(err)
	}
	return t, nil
}

func (s *Store) open(ctx context.Context, readOnly bool, isolation sql.IsolationLevel) (*Tx, error) {
	db, options := s.writer, &sql.TxOptions{ReadOnly: readOnly, Isolation: isolation}
	if readOnly {
		db = s.reader
	}
	conn, err := db.Conn(ctx) // waits no longer than ctx, which the transaction outlasts
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), options)
	if err != nil {
		if isLost(conn) { // another one may be good
			err = fmt.Errorf("%w: %w", driver.ErrConflict, err)
		}
		return nil, errors.Join(err, conn.Close())
	}
	return &Tx{session: session{store: s, on: tx}, conn: conn, sql: tx, readOnly: readOnly}, nil
}

// SQL returns the transaction of database/sql, for the service's own statements. Only Commit and Rollback of the [Tx] end it.
func (t *Tx) SQL() *sql.Tx { return t.sql }

// Raw calls a function with the connection of the database's own library on which the transaction runs: for what database/sql cannot do. It
// must not be kept, nor ended.
func (t *Tx) Raw(fn func(connection any) error) error { return t.conn.Raw(fn) }

// Lost implements [driver.LossChecker].
func (t *Tx) Lost() bool {
	return !t.ended && isLost(t.conn)
}

func isLost(conn *sql.Conn) bool {
	lost := false
	err := conn.Raw(func(connection any) error {
		c, ok := connection.(interface{ Lost() bool })
		lost = ok && c.Lost()
		return nil
	})
	return lost || errors.Is(err, sql.ErrConnDone)
}

// Commit implements [driver.Tx]. A transaction in which a method failed is rolled back instead, with an error.
func (t *Tx) Commit(ctx context.Context) error {
	if t.ended {
		return fmt.Errorf("commit: %w", sql.ErrTxDone)
	}
	err := t.failed
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), t.Rollback(ctx))
	}
	err = t.sql.Commit()
	t.end()
	switch {
	case err == nil:
		return nil
	case t.store.dialect.UnknownOutcome(err):
		return fmt.Errorf("commit: %w: %w", driver.ErrUnknownOutcome, err)
	}
	return fmt.Errorf("commit: %w", t.store.classify(err))
}

// Rollback implements [driver.Tx]. It works after ctx has ended, too.
func (t *Tx) Rollback(context.Context) error {
	if t.ended {
		return nil
	}
	err := t.sql.Rollback()
	t.end()
	if err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// end gives back the connection, which a failure may have ended already, and lets the next one in.
func (t *Tx) end() {
	t.ended = true
	_ = t.conn.Close()
	if t.seated {
		t.store.gate.stand()
	}
	t.store.gate.leave(!t.readOnly)
}

// writable returns why nothing can be written, if it cannot.
func (t *Tx) writable(what string) error {
	switch {
	case t.readOnly:
		return fmt.Errorf("%s: %w", what, driver.ErrReadOnly)
	case t.failed != nil:
		return fmt.Errorf("%s: transaction has failed before: %w", what, t.failed)
	}
	return nil
}

// change runs something that writes. When it fails, the transaction can only be rolled back.
func (t *Tx) change(what string, fn func() error) error {
	if err := t.writable(what); err != nil {
		return err
	}
	if err := fn(); err != nil {
		t.failed = fmt.Errorf("%s: %w", what, err)
		return t.failed
	}
	return nil
}

// write runs a function in a writing transaction of its own and commits it. What waits for a lock goes on with what is there then, also where the
// database's default is stricter.
func (s *Store) write(ctx context.Context, what string, fn func(t *Tx) error) error {
	t, err := s.begin(ctx, false, sql.LevelReadCommitted)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err = fn(t); err == nil {
		err = t.Commit(ctx)
	}
	if err = errors.Join(err, t.Rollback(ctx)); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// read runs statements that only read, each by itself. Where writers do not queue, a statement may write.
func (s *Store) read(ctx context.Context, what string, fn func(session) error) error {
	err := s.gate.enter(ctx, false)
	if err == nil {
		err = fn(session{store: s, on: s.reader})
		s.gate.leave(false)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
