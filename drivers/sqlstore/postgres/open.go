package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
)

// Config is where a store is and what a service adds to it. Schema, and either URL or Pool, are required.
type Config struct {
	// URL is the database's address, "postgres://user@host/database", with whatever pgxpool understands as parameters. One is
	// pool_max_conns, how many connections a process opens at most, default 10: two are kept for the store's own statements, such as
	// heartbeats, and every open transaction of the service (a worker's batch, In, View) has one of the others; more wait for their turn. An
	// idle process keeps about 4. The server, or the pooler before it, needs room for those of all processes.
	URL string
	// Pool is connections that the caller made, instead of URL, of which the same holds. The store does not close it.
	Pool *pgxpool.Pool
	// Schema is the PostgreSQL schema of the service, which nobody else writes to. It is created when it is missing, and is where the
	// statements of a transaction find and make tables.
	Schema string
	// Tables is the DDL of the service's own tables. It runs at every Open, one process at a time, so it must be idempotent
	// (CREATE TABLE IF NOT EXISTS).
	Tables string
	// Migrations are SQL files of goose, such as "00001_orders.sql", in the root of the file system: each is run once, by the first process
	// that has it, and before Tables. What one Open has to run is one transaction, so a statement that cannot be in one, such as CREATE INDEX
	// CONCURRENTLY, has to be run by hand. A database on which a newer version of the service has run more of them is accepted: a
	// migration should suit the version before, too.
	Migrations fs.FS
	// IdleTimeout is how long a transaction may wait for its next statement before the server ends it, so that a process that has
	// stopped does not keep rows locked. It must be longer than a handler may take (headrace.Timeout, default 30 seconds), because what a
	// handler does elsewhere looks the same: one that is ended is run again. Default 2 minutes.
	IdleTimeout time.Duration
	// LockTimeout is how long a statement waits for somebody else's lock before its transaction is given up, and run again. Default 10
	// seconds.
	LockTimeout time.Duration
	// Clock is for times that people look at, such as since when an event waits; leases and timers go by the database's clock.
	// Default: the machine's clock.
	Clock driver.Clock
}

const (
	defaultIdleTimeout = 2 * time.Minute
	defaultLockTimeout = 10 * time.Second

	// writers is how many transactions of a process may write at once: their waiting for the disk overlaps.
	writers = 4

	// defaultConnections is how many connections a process opens at most: for its workers, as many callers of In and View, and the store.
	defaultConnections = 10

	// reserved is how many connections the service's transactions leave to the store's own.
	reserved = 2
)

// Open connects to the database and makes its tables; any number of processes may do it at once. The caller closes the store; closing waits for
// transactions under way.
func Open(ctx context.Context, c Config) (*sqlstore.Store, error) {
	store, err := open(ctx, c, nil)
	if err != nil {
		return nil, fmt.Errorf("open postgres store %q: %w", c.Schema, err)
	}
	return store, nil
}

func open(ctx context.Context, c Config, ahead func() time.Duration) (*sqlstore.Store, error) {
	switch {
	case c.Schema == "":
		return nil, errors.New("no schema given")
	case (c.URL == "") == (c.Pool == nil):
		return nil, errors.New("one of URL and Pool has to be given")
	}
	pool := c.Pool
	if pool == nil {
		var err error
		if pool, err = newPool(ctx, c.URL); err != nil {
			return nil, err
		}
	}
	store, err := openPool(ctx, c, pool, ahead)
	if err != nil && c.Pool == nil {
		pool.Close()
	}
	return store, err
}

func newPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = defaultConnections
	}
	return pgxpool.NewWithConfig(ctx, config)
}

func openPool(ctx context.Context, c Config, pool *pgxpool.Pool, ahead func() time.Duration) (*sqlstore.Store, error) {
	if err := setUp(ctx, pool, c); err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{stdlib.GetPoolConnector(pool), c.settings()})
	db.SetMaxIdleConns(0) // the pool keeps them
	return sqlstore.New(sqlstore.Config{
		Dialect: dialect{schema: c.Schema, lockTimeout: c.lockTimeout(), ahead: ahead}, Writer: db, Writers: writers, Clock: c.Clock,
		Transactions: max(1, int(pool.Config().MaxConns)-reserved),
		Close: func() error {
			err := db.Close()
			if c.Pool == nil {
				pool.Close()
			}
			return err
		},
	}), nil
}

// settings are those of every transaction.
func (c Config) settings() string {
	return fmt.Sprintf("; SET LOCAL search_path = %s; SET LOCAL idle_in_transaction_session_timeout = %d; SET LOCAL lock_timeout = %d",
		quote(c.Schema), cmp.Or(c.IdleTimeout, defaultIdleTimeout).Milliseconds(), c.lockTimeout().Milliseconds())
}

func (c Config) lockTimeout() time.Duration { return cmp.Or(c.LockTimeout, defaultLockTimeout) }
