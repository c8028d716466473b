package memory_test

import (
	"context"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/memory"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Backend{
		Name:   "memory",
		Store:  openStore,
		Broker: func(testing.TB) driver.Broker { return memory.NewBroker(memory.BrokerConfig{}) },
	})
}

func TestLiveConformance(t *testing.T) {
	drivertest.RunLive(t, func(testing.TB) driver.Live { return memory.NewLive() })
}

func openStore(_ testing.TB, clock driver.Clock) drivertest.Database {
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
