package redis_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

func TestConformanceOfStore(t *testing.T) {
	server := testserver.Redis(t)
	var number atomic.Int64
	b := drivertest.Backend{
		Name: "Redis Streams, Redis",
		Store: func(t testing.TB, clock driver.Clock) drivertest.Database {
			c, streams := redis.StoreConfig{Clock: clock, Name: fmt.Sprint("store-", number.Add(1))}, prefix(t)
			if strings.Contains(t.Name(), "rule/07-") { // a backup has streams of its own
				streams += "-" + c.Name
			}
			return openStore(t, redis.BrokerConfig{URL: server.URL(), Prefix: streams}, c)
		},
		Broker: func(t testing.TB) driver.Broker {
			return newBroker(t, redis.BrokerConfig{URL: server.URL(), Prefix: prefix(t) + apart(t, &number)})
		},
		Has: drivertest.Capabilities{Reappend: true, Processes: true, Writers: true, Direct: true, Optimistic: true},
	}
	drivertest.Run(t, b)
}

// apart separates the broker from the store where the case takes something from one of them that the other keeps: then they do not have
// the same streams, as if they were on two servers.
func apart(t testing.TB, number *atomic.Int64) string {
	for _, name := range []string{"rule/14-", "rule/07-", "promise/08-", "promise/06-"} {
		if strings.Contains(t.Name(), name) {
			return fmt.Sprint("-apart-", number.Add(1))
		}
	}
	return ""
}

// prefix is the same for all that one case opens.
func prefix(t testing.TB) string { return strings.ReplaceAll(t.Name(), "/", "-") }

func openStore(t testing.TB, b redis.BrokerConfig, c redis.StoreConfig) drivertest.Database {
	open := func() driver.Store {
		s, err := redis.NewStore(newBroker(t, b), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	first := open()
	last := first
	return drivertest.Database{
		Store:   first,
		Restart: func() driver.Store { _ = last.Close(); last = open(); return last },
		Second:  open,
		Put: func(ctx context.Context, tx driver.Tx, key, value string) error {
			return redis.State(holder{tx}).Set(ctx, key, []byte(value))
		},
		Get: func(ctx context.Context, tx driver.Tx, key string) (string, error) {
			value, _, err := redis.State(holder{tx}).Get(ctx, key)
			return string(value), err
		},
	}
}
