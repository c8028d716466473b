package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
	"github.com/headrace/headrace/memory"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Backend{
		Name:   "memory, SQLite",
		Store:  openDatabase,
		Broker: func(testing.TB) driver.Broker { return memory.NewBroker(memory.BrokerConfig{}) },
		Has:    drivertest.Capabilities{SQL: true},
	})
}

func TestConformanceWithRedis(t *testing.T) {
	server := testserver.Redis(t)
	var number atomic.Int64
	drivertest.Run(t, drivertest.Backend{
		Name:  "Redis Streams, SQLite",
		Store: openDatabase,
		Broker: func(t testing.TB) driver.Broker {
			broker, err := redis.NewBroker(redis.BrokerConfig{URL: server.URL(), Prefix: fmt.Sprint("test-", number.Add(1))})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := broker.Close(); err != nil {
					t.Error(err)
				}
			})
			return broker
		},
		Has: drivertest.Capabilities{SQL: true, Reappend: true},
	})
}

const valueSchema = `CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, value TEXT NOT NULL)`

func openDatabase(t testing.TB, clock driver.Clock) drivertest.Database {
	p := startProcess(t, filepath.Join(t.TempDir(), "service.db"), clock)
	return drivertest.Database{
		Store: p.store,
		Restart: func() driver.Store {
			p = p.crash(t)
			return p.store
		},
		Put: func(ctx context.Context, tx driver.Tx, key, value string) error {
			_, err := tx.(driver.SQLTx).SQL().ExecContext(ctx, `INSERT INTO value (key, value) VALUES ($1, $2)
				ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
			return err
		},
		Get: func(ctx context.Context, tx driver.Tx, key string) (value string, err error) {
			err = tx.(driver.SQLTx).SQL().QueryRowContext(ctx, `SELECT value FROM value WHERE key = $1`, key).Scan(&value)
			if errors.Is(err, sql.ErrNoRows) {
				err = nil
			}
			return value, err
		},
	}
}

// process is a store as a process of its own would have it open: it can die.
type process struct {
	store  driver.Store
	path   string
	clock  driver.Clock
	faults *faults
}

func startProcess(t testing.TB, path string, clock driver.Clock) *process {
	t.Helper()
	p := &process{path: path, clock: clock, faults: &faults{}}
	store, err := open(t.Context(), Config{Path: path, Schema: valueSchema, Clock: clock}, p.faults.connect)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	p.store = store
	return p
}

// crash lets the process die, so that nothing it does from now on has an effect, and starts another one on what is on the disk then.
func (p *process) crash(t testing.TB) *process {
	t.Helper()
	p.faults.set(func(string) error { return errors.New("process is dead") })
	path := filepath.Join(t.TempDir(), filepath.Base(p.path))
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(p.path + suffix)
		if err == nil {
			err = os.WriteFile(path+suffix, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return startProcess(t, path, p.clock)
}
