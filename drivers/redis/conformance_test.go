package redis_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
	"github.com/headrace/headrace/memory"
)

func TestConformance(t *testing.T) {
	server := testserver.Redis(t)
	drivertest.Run(t, drivertest.Backend{
		Store:  openMemory,
		Broker: brokers(t, redis.BrokerConfig{URL: server.URL()}),
		Has:    drivertest.Capabilities{Reappend: true},
	})
}

// brokers opens brokers on one server that know nothing of each other.
func brokers(t *testing.T, c redis.BrokerConfig) func(testing.TB) driver.Broker {
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
