package postgres

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// setUpLock is the advisory lock of those who make tables, in any schema of the database.
const setUpLock = 0x6865616472616365 // "headrace"

// setUp makes schema and tables in one transaction, one process after the other: either all is as it should be afterwards, or nothing was
// changed. The lock is the transaction's, because one of the session would be left behind on a pooler's connection.
func setUp(ctx context.Context, pool *pgxpool.Pool, c Config) (err error) {
	made, err := stdlib.GetPoolConnector(pool).Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = made.Close() }() // the pool ends a connection that is still in a transaction
	conn := made.(*stdlib.Conn)
	tx, err := conn.Conn().Begin(ctx)
	if err != nil {
		return err
	}
	if err := setUpAll(ctx, conn, c); err != nil {
		_ = tx.Rollback(ctx)
		return err
	}
	return tx.Commit(ctx)
}

func setUpAll(ctx context.Context, conn *stdlib.Conn, c Config) error {
	if _, err := conn.Conn().Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(setUpLock)); err != nil {
		return fmt.Errorf("wait for others who set up: %w", err)
	}
	if err := makeSchema(ctx, conn.Conn(), c.Schema); err != nil {
		return fmt.Errorf("make the schema: %w", err)
	}
	db := sql.OpenDB(stage{conn})
	defer db.Close() //nolint:errcheck // closing the stage does nothing
	if err := migrateOwn(ctx, db); err != nil {
		return fmt.Errorf("make headrace's tables: %w", err)
	}
	if c.Migrations != nil {
		if err := migrateService(ctx, db, c.Migrations); err != nil {
			return fmt.Errorf("run the service's migrations: %w", err)
		}
	}
	if c.Tables != "" {
		if _, err := conn.Conn().Exec(ctx, c.Tables); err != nil {
			return fmt.Errorf("make the service's tables: %w", err)
		}
	}
	return nil
}

// makeSchema does not try to create what is there: that needs a right of its own.
func makeSchema(ctx context.Context, conn *pgx.Conn, name string) error {
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`, name).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := conn.Exec(ctx, `CREATE SCHEMA `+quote(name)); err != nil {
			return err
		}
	}
	_, err := conn.Exec(ctx, `SET LOCAL search_path = `+quote(name))
	return err
}

// stage is a database of one connection that is in a transaction already: a transaction on it is a part of that one.
type stage struct{ conn *stdlib.Conn }

// Connect implements [sqldriver.Connector].
func (s stage) Connect(context.Context) (sqldriver.Conn, error) { return part{s.conn}, nil }

// Driver implements [sqldriver.Connector].
func (s stage) Driver() sqldriver.Driver { return stdlib.GetDefaultDriver() }

type part struct{ *stdlib.Conn }

// Close implements [sqldriver.Conn].
func (part) Close() error { return nil }

// ResetSession implements [sqldriver.SessionResetter].
func (part) ResetSession(context.Context) error { return nil }

// BeginTx implements [sqldriver.ConnBeginTx].
func (p part) BeginTx(ctx context.Context, _ sqldriver.TxOptions) (sqldriver.Tx, error) {
	if _, err := p.Conn.Conn().Exec(ctx, "SAVEPOINT part"); err != nil {
		return nil, err
	}
	return savepoint{ctx, p.Conn.Conn()}, nil
}

type savepoint struct {
	ctx  context.Context //nolint:containedctx // of the transaction; database/sql does not hand it on
	conn *pgx.Conn
}

// Commit implements [sqldriver.Tx].
func (s savepoint) Commit() error {
	_, err := s.conn.Exec(s.ctx, "RELEASE SAVEPOINT part")
	return err
}

// Rollback implements [sqldriver.Tx].
func (s savepoint) Rollback() error {
	_, err := s.conn.Exec(s.ctx, "ROLLBACK TO SAVEPOINT part")
	return err
}
