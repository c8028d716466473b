package postgres

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"sync"
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
	conform(t, startServer(t))
}

func conform(t *testing.T, server *servers) {
	drivertest.Run(t, drivertest.Backend{
		Name:   "memory, PostgreSQL",
		Store:  func(t testing.TB, clock driver.Clock) drivertest.Database { return openDatabase(t, server, clock) },
		Broker: func(testing.TB) driver.Broker { return memory.NewBroker(memory.BrokerConfig{}) },
		Has:    drivertest.Capabilities{SQL: true, Processes: true, Writers: true},
	})
}

// servers gives every database of a server a schema of its own.
type servers struct {
	*testserver.PostgresServer
	schemas atomic.Int64
	address func(schema string) string // how processes reach the server; nil: directly
}

func startServer(t testing.TB) *servers {
	return &servers{PostgresServer: testserver.Postgres(t, "deadlock_timeout = 50ms")}
}

func (s *servers) schema() string { return "Service " + parameter(int(s.schemas.Add(1))) }

// addressOf is where the processes of a schema connect to.
func (s *servers) addressOf(schema string) string {
	if s.address == nil {
		return s.URL()
	}
	return s.address(schema)
}

const valueTables = `CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, value TEXT NOT NULL)`

// world is a schema and the processes that have it open.
type world struct {
	t         testing.TB
	config    Config
	url       string // for processes
	admin     string // for the test
	ahead     atomic.Int64
	processes []*process
}

// process is a store as a process of its own would have it open: it can die.
type process struct {
	pool *pgxpool.Pool

	mu    sync.Mutex
	dead  bool
	conns []net.Conn
}

// dial connects, as long as the process lives.
func (p *process) dial(ctx context.Context, network, address string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return nil, errors.New("process is dead")
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err == nil {
		p.conns = append(p.conns, c)
	}
	return c, err
}

// die ends the process's connections, whatever is under way on them.
func (p *process) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	for _, c := range p.conns {
		_ = c.Close()
	}
}

func openDatabase(t testing.TB, server *servers, clock driver.Clock) drivertest.Database {
	schema := server.schema()
	w := &world{
		t: t, url: server.addressOf(schema), admin: server.URL(), config: Config{Schema: schema, Tables: valueTables, Clock: clock},
	}
	if server.address != nil {
		t.Cleanup(w.terminate) // the pooler would keep connections that nobody needs any more
	}
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
	config.ConnConfig.DialFunc = p.dial
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
		p.die()
	}
	w.terminate()
	w.processes = nil
	return w.start()
}

// terminate waits until the server has undone what this world's processes had not committed. One that waits for a lock does not see by itself
// that its client has gone.
func (w *world) terminate() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	admin, err := pgx.Connect(ctx, w.admin)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = admin.Close(ctx) }()
	for left := 1; left > 0; {
		err := admin.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE application_name = $1 AND pid <> pg_backend_pid()`, w.config.Schema).Scan(&left)
		if err != nil {
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
