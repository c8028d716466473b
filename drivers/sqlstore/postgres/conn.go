package postgres

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
)

// endPatience is how long the answer to COMMIT or ROLLBACK may take before the connection is given up.
const endPatience = 30 * time.Second

// Conn returns the connection of pgx on which a transaction runs: for COPY, batches and what else database/sql cannot do. It takes what a
// handler gets (a *headrace.Tx) or a transaction of the store; if the store is another kind of store, it is an error. The connection is valid
// until the transaction ends, and the caller must not begin or end transactions on it.
func Conn(tx interface{ Driver() driver.Tx }) (*pgx.Conn, error) {
	t, ok := tx.Driver().(*sqlstore.Tx)
	if !ok {
		return nil, fmt.Errorf("get the connection of a transaction: %T is not of a postgres store", tx.Driver())
	}
	var found *pgx.Conn
	err := t.Raw(func(connection any) error {
		c, ok := connection.(*conn)
		if !ok {
			return fmt.Errorf("%T is not a connection to PostgreSQL", connection)
		}
		found = c.Conn.Conn()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("get the connection of a transaction: %w", err)
	}
	return found, nil
}

// connector makes connections whose transactions begin with settings of ours.
type connector struct {
	sqldriver.Connector
	settings string // statements, each with a semicolon before it
}

// Connect implements [sqldriver.Connector].
func (c connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: made.(*stdlib.Conn), settings: c.settings}, nil
}

type conn struct {
	*stdlib.Conn
	settings string
}

// BeginTx implements [sqldriver.ConnBeginTx]. The settings hold until the transaction ends, and go to the server together with BEGIN.
func (c *conn) BeginTx(ctx context.Context, o sqldriver.TxOptions) (sqldriver.Tx, error) {
	begin, err := beginSQL(o)
	if err != nil {
		return nil, err
	}
	if _, err := c.Conn.Conn().Exec(ctx, begin+c.settings); err != nil {
		if c.Conn.Conn().PgConn().TxStatus() != 'I' { // it began, and a setting failed
			_ = c.Close()
		}
		return nil, err
	}
	return transaction{c.Conn.Conn()}, nil
}

// Lost says to [sqlstore.Tx] whether the connection has ended.
func (c *conn) Lost() bool { return c.Conn.Conn().IsClosed() }

func beginSQL(o sqldriver.TxOptions) (string, error) {
	begin := "BEGIN"
	switch level := sql.IsolationLevel(o.Isolation); level {
	case sql.LevelDefault:
	case sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable:
		begin += " ISOLATION LEVEL " + strings.ToUpper(level.String())
	default:
		return "", fmt.Errorf("isolation level %s is not supported", level)
	}
	if o.ReadOnly {
		begin += " READ ONLY"
	}
	return begin, nil
}

type transaction struct{ conn *pgx.Conn }

// Commit implements [sqldriver.Tx].
func (t transaction) Commit() error {
	tag, err := t.end("COMMIT")
	if err == nil && tag == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback implements [sqldriver.Tx]. A connection that is lost has taken the transaction with it.
func (t transaction) Rollback() error {
	if t.conn.IsClosed() {
		return nil
	}
	_, err := t.end("ROLLBACK")
	if err != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = t.conn.Close(ctx) // which rolls back, too
	}
	return nil
}

func (t transaction) end(how string) (string, error) {
	if t.conn.IsClosed() {
		return "", errors.Join(errLost, sqldriver.ErrBadConn)
	}
	ctx, cancel := context.WithTimeout(context.Background(), endPatience)
	defer cancel()
	tag, err := t.conn.Exec(ctx, how)
	return tag.String(), err
}

// errLost is the end of a transaction whose connection broke before COMMIT was sent.
var errLost = errors.New("connection was lost before COMMIT")
