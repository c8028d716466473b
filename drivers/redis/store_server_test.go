package redis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

var shopSetup = driver.Setup{Service: "shop", Owns: []driver.TopicSize{{Topic: "orders", Partitions: 1}}}

// shopStore is a store that is set up to own a topic of one partition.
func shopStore(t *testing.T, b redis.BrokerConfig) driver.Store {
	t.Helper()
	store := openStore(t, b, redis.StoreConfig{Name: "shop"}).Store
	if err := store.Setup(t.Context(), shopSetup); err != nil {
		t.Fatal(err)
	}
	return store
}

// publishOne publishes one event in a transaction of its own.
func publishOne(t *testing.T, store driver.Store, data string) error {
	t.Helper()
	tx, err := store.Begin(t.Context(), driver.TxOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	m := driver.Message{Partition: partition(0), Key: "k", Meta: []byte("m"), Data: []byte(data)}
	if err := tx.Publish(t.Context(), []driver.Message{m}); err != nil {
		return err
	}
	return tx.Commit(t.Context())
}

// publishSurely publishes again what certainly was not published.
func publishSurely(t *testing.T, store driver.Store, data string) {
	t.Helper()
	err := publishOne(t, store, data)
	for range 100 {
		if !errors.Is(err, driver.ErrConflict) {
			break
		}
		err = publishOne(t, store, data)
	}
	if err != nil {
		t.Fatalf("publish %s: %v", data, err)
	}
}

func journalOf(t *testing.T, store driver.Store) (entries []string, epochs []driver.Epoch) {
	t.Helper()
	page, err := store.ReadJournal(t.Context(), partition(0), driver.Start, 10_000, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Entries {
		entries = append(entries, fmt.Sprint(e.Position, " ", string(e.Data)))
	}
	return entries, page.Epochs
}

// TestAnotherServerBeginsANewEpoch has a replica that lacks the newest event and becomes the master: the number of what was lost is not given to
// another event.
func TestAnotherServerBeginsANewEpoch(t *testing.T) {
	t.Parallel()
	master := testserver.Redis(t)
	replica := testserver.RedisReplica(t, master)
	sentinel := testserver.RedisSentinel(t, master)
	store := shopStore(t, redis.BrokerConfig{URL: sentinel.URL() + "?master_set=main"})
	publishSurely(t, store, "kept")
	if n := master.Do("WAIT 1 10000"); n != ":1" {
		t.Fatalf("the replica has not got it: %s", n)
	}
	replica.Stop()
	if n := master.Do("CLIENT KILL TYPE replica"); n != ":1" { // what is on its way would arrive
		t.Fatalf("the replica was not cut off: %s", n)
	}
	publishSurely(t, store, "lost")
	master.Kill()
	replica.Continue()
	eventually(t, "publish on the new master", func(ctx context.Context) error { return publishOne(t, store, "later") })
	entries, epochs := journalOf(t, store)
	if len(entries) < 2 || entries[0] != "1-1 kept" || entries[1] != "2-2 later" || len(epochs) != 1 || epochs[0] != (driver.Epoch{Number: 2, Base: 1}) {
		t.Errorf("the journal has %q and epochs %v; want the number of the lost event in a new epoch", entries, epochs)
	}
}

// TestStreamsOfAStoreAreNotCut publishes far more than the bound of the broker, which is told of all of it, too.
func TestStreamsOfAStoreAreNotCut(t *testing.T) {
	t.Parallel()
	const n = 1000
	server := testserver.Redis(t)
	broker := newBroker(t, redis.BrokerConfig{URL: server.URL(), Bound: 10})
	store, err := redis.NewStore(broker, redis.StoreConfig{Name: "shop"})
	if err == nil {
		err = store.Setup(t.Context(), shopSetup)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		publishSurely(t, store, fmt.Sprint(i))
	}
	for p, err := range broker.Append(t.Context(), []driver.Batch{entries(0, 1, n+1)}) {
		t.Errorf("append to %s: %v", p, err)
	}
	if got := server.Do("XLEN " + key(0)); got != fmt.Sprint(":", n+1) {
		t.Errorf("the stream has %s entries, want %d", got, n+1)
	}
}

// TestAnswersToAStoreThatAreLost has commits of which nobody hears: each took effect once or not at all, and is called unknown.
func TestAnswersToAStoreThatAreLost(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	between := testserver.StartProxy(t, server.Addr())
	store := shopStore(t, redis.BrokerConfig{URL: "redis://" + between.Addr()})
	publishSurely(t, store, "first")
	unknown := 0
	for i := range 10 {
		between.Swallow("EVALSHA", 1)
		err := publishOne(t, store, fmt.Sprint("swallowed ", i))
		if errors.Is(err, driver.ErrUnknownOutcome) {
			unknown++
		} else if err == nil {
			t.Error("a commit whose answer was lost is no error")
		}
	}
	publishSurely(t, store, "last")
	entries, _ := journalOf(t, store)
	if unknown == 0 || len(entries) != unknown+2 {
		t.Errorf("%d commits are unknown, and the journal has %q", unknown, entries)
	}
}

func TestStoresThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broker redis.BrokerConfig
		store  redis.StoreConfig
	}{
		"no name":          {redis.BrokerConfig{}, redis.StoreConfig{}},
		"a colon in it":    {redis.BrokerConfig{}, redis.StoreConfig{Name: "a:b"}},
		"a broker of more": {redis.BrokerConfig{Shards: 3}, redis.StoreConfig{Name: "shop"}},
	} {
		if _, err := redis.NewStore(newBroker(t, c.broker), c.store); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestStoreOfAUser runs what the package comment says that a store's user needs, and no more.
func TestStoreOfAUser(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, "user shop on >secret ~headrace:* -@all +hello +xadd +xreadgroup +xack +xgroup +xinfo +xpending +xdel +xsetid "+
		"+xrevrange +exists +eval +del +rename +evalsha +script|load +hget +hmget +hset +hgetall +hdel +hexists +hincrby +zadd +zrem +zrange +zrangebyscore +sadd "+
		"+xrange +xtrim +set +time +info +cluster|slots +cluster|shards +ping")
	store := shopStore(t, redis.BrokerConfig{URL: "redis://shop:secret@" + server.Addr()})
	publishSurely(t, store, "one")
	if err := store.EnsureCursors(t.Context(), driver.RelayGroup, map[driver.Partition]driver.Position{driver.RelayLease: driver.Start}); err != nil {
		t.Fatal(err)
	}
	l, ok, err := store.Acquire(t.Context(), driver.RelayGroup, driver.RelayLease, "me", time.Second)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if n, err := store.Number(t.Context(), l.Fence, 10); err != nil || len(n.Batches) != 1 {
		t.Errorf("number: %v, %v", n, err)
	}
	if _, err := store.Heartbeat(t.Context(), "me", time.Second); err != nil {
		t.Error(err)
	}
	moves := []driver.Advance{{Partition: driver.RelayLease, Fence: l.Fence, From: driver.Start, To: driver.Start}, {Partition: partition(7)}}
	if tx, err := store.Begin(t.Context(), driver.TxOptions{}); err != nil {
		t.Error(err)
	} else if n, err := tx.Advance(t.Context(), driver.RelayGroup, moves); err != nil || n != 1 {
		t.Errorf("advance: %d, %v", n, err)
	}
	if log := server.Do("ACL LOG"); log != "*0" {
		t.Errorf("the server has refused something: %s", log)
	}
}
