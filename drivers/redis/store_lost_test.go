package redis_test

import (
	"testing"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

// TestWhatTheServerLostIsNamed takes events out of the middle and off the end of the only copy.
func TestWhatTheServerLostIsNamed(t *testing.T) {
	server := testserver.Redis(t)
	options, err := redis.ClientOptions(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client, err := rueidis.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	store := openStore(t, redis.BrokerConfig{Client: client}, redis.StoreConfig{Name: "shop"}).Store
	p := driver.Partition{Topic: "orders"}
	setup := driver.Setup{Service: "shop", Owns: []driver.TopicSize{{Topic: "orders", Partitions: 1}}}
	if err := store.Setup(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	tx, err := store.Begin(t.Context(), driver.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := driver.Message{Partition: p, Meta: []byte("m"), Data: []byte("d")}
	if err := tx.Publish(t.Context(), []driver.Message{m, m, m, m}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	removed, err := client.Do(t.Context(), client.B().Xdel().Key("headrace:{0}:orders:0").Id("1-1", "1-2", "1-4").Build()).AsInt64()
	if err != nil || removed != 3 {
		t.Fatal(removed, err)
	}
	for after, want := range map[uint64]driver.Position{0: {Epoch: 1, Seq: 2}, 2: {}, 3: {Epoch: 1, Seq: 4}, 4: {}} {
		page, err := store.ReadJournal(t.Context(), p, driver.Position{Epoch: 1, Seq: after}, 10, 1000)
		if err != nil || page.Lost != want {
			t.Errorf("after 1-%d: lost up to %s, %v; want %s", after, page.Lost, err, want)
		}
	}
}
