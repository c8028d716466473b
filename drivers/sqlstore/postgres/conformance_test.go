package postgres

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/drivers/testserver"
	"github.com/headrace/headrace/memory"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	drivertest.Run(t, drivertest.Backend{
		Store:  func(t testing.TB, clock driver.Clock) drivertest.Database { return openDatabase(t, server, clock) },
		Broker: func(testing.TB) driver.Broker { return memory.NewBroker(memory.BrokerConfig{}) },
		Has:    drivertest.Capabilities{SQL: true, Processes: true, Writers: true},
	})
}

// servers gives every database of a server a schema of its own.
type servers struct {
	*testserver.PostgresServer
	schemas atomic.Int64
}

func startServer(t testing.TB) *servers {
	return &servers{PostgresServer: testserver.Postgres(t, "deadlock_timeout = 50ms")}
}

func (s *servers) schema() string { return "Service " + parameter(int(s.schemas.Add(1))) }

const valueTables = `CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, value TEXT NOT NULL)`

// world is a schema and the processes that have it open.
type world struct {
	t         testing.TB
	config    Config
	url       string
	ahead     atomic.Int64
	processes []*process
}

// process is a store as a process of its own would have it open: it can die.
type process struct {
	pool *pgxpool.Pool
	dead atomic.Bool
}

func openDatabase(t testing.TB, server *servers, clock driver.Clock) drivertest.Database {
	w := &world{t: t, url: server.URL(), config: Config{Schema: server.schema(), Tables: valueTables, Clock: clock}}
	w.ahead.Store(int64(time.Until(clock.Now()))) // from now on, the database's clock goes by itself
	return drivertest.Database{
		Store: w.start(), Second: w.start, Restart: w.restart, Put: put, Get: get,
		Elapse: func(d time.Duration) { w.ahead.Add(int64(d)) },
	}
}

func (w *world) start() driver.Store {
	w.t.Helper()
	config, err := pgxpool.ParseConfig(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &process{}
	config.MaxConns = 8
	config.ConnConfig.RuntimeParams["application_name"] = w.config.Schema
	config.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
		if p.dead.Load() {
			return errors.New("process is dead")
		}
		return nil
	}
	if p.pool, err = pgxpool.NewWithConfig(w.t.Context(), config); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(p.pool.Close)
	c := w.config
	c.Pool = p.pool
	store, err := open(w.t.Context(), c, func() time.Duration { return time.Duration(w.ahead.Load()) })
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := store.Close(); err != nil {
			w.t.Error(err)
		}
	})
	w.processes = append(w.processes, p)
	return store
}

// restart lets all processes die, as the server sees it, and starts another one.
func (w *world) restart() driver.Store {
	w.t.Helper()
	for _, p := range w.processes {
		p.dead.Store(true)
	}
	w.terminate()
	w.processes = nil
	return w.start()
}

// terminate ends all connections of this world's processes and waits until the server has undone what they did.
func (w *world) terminate() {
	w.t.Helper()
	admin, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(w.t.Context())) }()
	const others = ` FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()`
	if _, err := admin.Exec(w.t.Context(), `SELECT pg_terminate_backend(pid)`+others, w.config.Schema); err != nil {
		w.t.Fatal(err)
	}
	for left := 1; left > 0; {
		if err := admin.QueryRow(w.t.Context(), `SELECT count(*)`+others, w.config.Schema).Scan(&left); err != nil {
			w.t.Fatal(err)
		}
	}
}

func put(ctx context.Context, tx driver.Tx, key, value string) error {
	_, err := tx.(driver.SQLTx).SQL().ExecContext(ctx, `INSERT INTO value (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return err
}

func get(ctx context.Context, tx driver.Tx, key string) (value string, err error) {
	err = tx.(driver.SQLTx).SQL().QueryRowContext(ctx, `SELECT value FROM value WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return value, err
}
