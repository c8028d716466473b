package redis_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
	"github.com/headrace/headrace/drivers/testserver"
	"github.com/headrace/headrace/memory"
)

func TestConformance(t *testing.T) {
	server := testserver.Redis(t)
	drivertest.Run(t, drivertest.Backend{
		Name:   "Redis Streams, memory",
		Store:  openMemory,
		Broker: brokers(redis.BrokerConfig{URL: server.URL()}),
		Has:    drivertest.Capabilities{Reappend: true},
	})
}

// runPorts runs what the suite says of brokers alone.
func runPorts(t *testing.T, c redis.BrokerConfig) {
	backend := drivertest.Backend{Store: openMemory, Broker: brokers(c), Has: drivertest.Capabilities{Reappend: true}}
	runThemes(t, backend, "append", "read", "group")
}

// runThemes runs a part of the suite: where what it leaves out does not depend on the broker.
func runThemes(t *testing.T, b drivertest.Backend, themes ...string) {
	for _, c := range drivertest.Cases() {
		if theme, _, _ := strings.Cut(c.Name, "/"); slices.Contains(themes, theme) {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				c.Run(t, b)
			})
		}
	}
}

// brokers opens brokers on one server that know nothing of each other.
func brokers(c redis.BrokerConfig) func(testing.TB) driver.Broker {
	var number atomic.Int64
	return func(t testing.TB) driver.Broker {
		c := c
		c.Prefix = fmt.Sprint("test-", number.Add(1))
		return newBroker(t, c)
	}
}

func newBroker(t testing.TB, c redis.BrokerConfig) *redis.Broker {
	t.Helper()
	b, err := redis.NewBroker(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func openMemory(_ testing.TB, clock driver.Clock) drivertest.Database {
	store := memory.NewStore(memory.StoreConfig{Clock: clock})
	return drivertest.Database{
		Store:   store,
		Restart: func() driver.Store { store.Crash(); return store },
		Put: func(_ context.Context, tx driver.Tx, key, value string) error {
			return memory.State(holder{tx}).Set(key, []byte(value))
		},
		Get: func(_ context.Context, tx driver.Tx, key string) (string, error) {
			value, _ := memory.State(holder{tx}).Get(key)
			return string(value), nil
		},
	}
}

// holder is what [memory.State] takes a transaction from.
type holder struct{ tx driver.Tx }

func (h holder) Driver() driver.Tx { return h.tx }

func openSQLite(t testing.TB, clock driver.Clock) drivertest.Database {
	store, err := sqlite.Open(t.Context(), sqlite.Config{
		Path: filepath.Join(t.TempDir(), "service.db"), Clock: clock,
		Schema: `CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, value TEXT NOT NULL)`,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return drivertest.Database{
		Store: store,
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

func TestLiveConformance(t *testing.T) {
	server := testserver.Redis(t)
	var number atomic.Int64
	drivertest.RunLive(t, func(t testing.TB) driver.Live {
		return newLive(t, redis.LiveConfig{URL: server.URL(), Prefix: fmt.Sprint("test-", number.Add(1))})
	})
}

func newLive(t testing.TB, c redis.LiveConfig) *redis.Live {
	t.Helper()
	l, err := redis.NewLive(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}
