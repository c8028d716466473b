package postgres

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

func TestConformanceWithRedis(t *testing.T) {
	t.Parallel()
	server, streams := startServer(t), testserver.Redis(t)
	var number atomic.Int64
	drivertest.Run(t, drivertest.Backend{
		Name:  "Redis Streams, PostgreSQL",
		Store: func(t testing.TB, clock driver.Clock) drivertest.Database { return openDatabase(t, server, clock) },
		Broker: func(t testing.TB) driver.Broker {
			broker, err := redis.NewBroker(redis.BrokerConfig{URL: streams.URL(), Prefix: fmt.Sprint("test-", number.Add(1))})
			must(t, err)
			t.Cleanup(func() { must(t, broker.Close()) })
			return broker
		},
		Has: drivertest.Capabilities{SQL: true, Processes: true, Writers: true, Reappend: true},
	})
}
