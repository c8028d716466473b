package redis_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

// usersOfTheGuide are the lines for redis.conf that the guide shows, by the user's name.
func usersOfTheGuide(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/guides/redis-and-postgresql.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^user (\w+) on .*$`).FindAllStringSubmatch(string(page), -1) {
		lines[match[1]] = match[0]
	}
	for _, name := range []string{"orders", "mails", "payments", "live", "operator"} {
		if lines[name] == "" {
			t.Fatalf("the guide has no user %s", name)
		}
	}
	return lines
}

// as is a broker that logs in as a user of the guide.
func (w *world) as(user string) *redis.Broker {
	return newBroker(w, redis.BrokerConfig{URL: "redis://" + user + ":secret@" + w.server.Addr()})
}

func newGuideWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, redis.BrokerConfig{}, slices.Collect(maps.Values(usersOfTheGuide(t)))...)
}

func TestUsersOfTheGuideMayDoTheirWork(t *testing.T) {
	w := newGuideWorld(t)
	orders, mails, payments := w.as("orders"), w.as("mails"), w.as("payments")
	own(w, orders, "orders")
	follow(w, mails, "mails")
	own(w, payments, "payments")
	follow(w, payments, "payments")
	if refused := w.do("ACL LOG"); refused != "[]" {
		t.Errorf("the server refused something: %s", refused)
	}
	for topic, want := range map[string]string{"orders": "9", "payments": "9"} {
		if count := w.do("XLEN headrace:{0}:%s:0", topic); count != want {
			t.Errorf("the stream of %s has %s entries, want %s", topic, count, want)
		}
	}
}

// own does all that the relay of a topic's owner does.
func own(w *world, b *redis.Broker, topic string) {
	w.Helper()
	p := driver.Partition{Topic: topic}
	batch := entries(0, 1, 9)
	batch.Partition = p
	for _, err := range b.Append(w.ctx, []driver.Batch{batch}) {
		w.Fatal(err)
	}
	_, err := b.Tops(w.ctx, []driver.Partition{p, {Topic: topic, Number: 1}})
	w.must(err)
	w.do("XADD headrace:{0}:%s:0 * some thing", topic)
	top, err := b.Top(w.ctx, p)
	w.must(err)
	w.must(b.Remove(w.ctx, p, []driver.Position{top.Position}))
	if top, err = b.Top(w.ctx, p); err != nil || top.Position != at(9) {
		w.Fatalf("after garbage was removed the top of %s is %s, %v; want 1-9", topic, top.Position, err)
	}
}

// follow does all that a group does with topic orders. The first reader dies with entries in flight, so that the second has to clear them.
func follow(w *world, b *redis.Broker, group string) {
	w.Helper()
	p := driver.Partition{Topic: "orders"}
	for _, after := range []uint64{0, 4} {
		r, err := b.Reader(w.ctx, group)
		w.must(err)
		w.must(r.Seek(w.ctx, p, at(after)))
		batches, err := r.Read(w.ctx, 100, 5*time.Second)
		w.must(err)
		if len(batches) != 1 || len(batches[0].Entries) != int(9-after) {
			w.Fatalf("group %s reads %v; want the entries after %d", group, batches, after)
		}
		if after > 0 {
			w.must(r.Ack(w.ctx, batches))
		}
		w.must(r.Close())
	}
	if pending := w.do("XPENDING headrace:{0}:orders:0 %s", group); !strings.HasPrefix(pending, "[0 ") {
		w.Errorf("after all was acknowledged group %s has pending: %s", group, pending)
	}
	w.do("XADD headrace:{0}:orders:0 * some thing")
	top, err := b.Top(w.ctx, p)
	w.must(err)
	w.must(b.Remove(w.ctx, p, []driver.Position{top.Position}))
	_, err = b.Tops(w.ctx, []driver.Partition{p})
	w.must(err)
}

func TestLiveOfTheGuide(t *testing.T) {
	w := newGuideWorld(t)
	config := redis.LiveConfig{URL: "redis://live:secret@" + w.server.Addr()}
	here, there := newLive(t, config), newLive(t, config)
	serve(t, there, "history.orders", echo)
	heads, err := here.Subscribe("heads.*", 10)
	w.must(err)
	nudges, err := here.Subscribe("nudge.orders", 10)
	w.must(err)
	w.must(there.Publish(w.ctx, "heads.orders", nil))
	w.must(there.Publish(w.ctx, "nudge.orders", nil))
	for _, sub := range []driver.Subscription{heads, nudges} {
		select {
		case <-sub.Messages():
		case <-w.ctx.Done():
			t.Fatal("a message did not come")
		}
	}
	if answer, err := here.Request(w.ctx, "history.orders", []byte("page")); err != nil || string(answer) != "page" {
		t.Errorf("a question is answered with %q, %v", answer, err)
	}
	w.await("each Live has two connections", func() bool { return strings.Count(w.do("CLIENT LIST"), "user=live") == 4 })
	heads.Close()
	nudges.Close()
	if refused := w.do("ACL LOG"); refused != "[]" {
		t.Errorf("the server refused something: %s", refused)
	}
	if _, err := here.Subscribe("event.orders.*", 1); err == nil {
		t.Error("live subscribes to a pattern that no rule names")
	}
}

func TestUsersOfTheGuideMayDoNothingElse(t *testing.T) {
	w := newGuideWorld(t)
	own(w, w.as("orders"), "orders")
	for user, topic := range map[string]string{"orders": "payments", "mails": "orders", "payments": "orders", "operator": "orders"} {
		batch := entries(0, 10, 10)
		batch.Partition.Topic = topic
		if err := w.as(user).Append(w.ctx, []driver.Batch{batch})[batch.Partition]; err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("%s appends to %s: %v; want that it may not", user, topic, err)
		}
	}
	options, err := redis.ClientOptions("redis://operator:secret@" + w.server.Addr())
	w.must(err)
	operator, err := rueidis.NewClient(options)
	w.must(err)
	t.Cleanup(operator.Close)
	for command, may := range map[string]bool{
		"INFO memory": true, "XINFO STREAM headrace:{0}:orders:0": true, "XINFO GROUPS headrace:{0}:orders:0": true, "CLIENT LIST": true,
		"XLEN headrace:{0}:orders:0": true, "XRANGE headrace:{0}:orders:0 - + COUNT 1": true, "SCAN 0 MATCH headrace:*": true,
		"MEMORY USAGE headrace:{0}:orders:0": true, "XREVRANGE headrace:{0}:orders:0 + - COUNT 1": true, "ACL LOG": true, "SLOWLOG GET": true,
		"XDEL headrace:{0}:orders:0 1-1": false, "DEL headrace:{0}:orders:0": false, "FLUSHALL": false, "CONFIG GET maxmemory": false,
		"XGROUP DESTROY headrace:{0}:orders:0 mails": false, "GET other": false, "XTRIM headrace:{0}:orders:0 MAXLEN 0": false,
	} {
		err := operator.Do(w.ctx, operator.B().Arbitrary(strings.Fields(command)...).Build()).Error()
		if refused := err != nil && strings.Contains(err.Error(), "NOPERM"); refused == may {
			t.Errorf("operator: %s: %v", command, err)
		}
	}
}

func TestUsersOfTheGuideOnACluster(t *testing.T) {
	t.Parallel()
	nodes := testserver.RedisCluster(t, slices.Collect(maps.Values(usersOfTheGuide(t)))...)
	as := func(user string) *redis.Broker {
		return newBroker(t, redis.BrokerConfig{URL: "redis://" + user + ":secret@" + nodes[0].Addr() + "?addr=" + nodes[1].Addr(), Shards: 3})
	}
	for p, err := range as("orders").Append(t.Context(), []driver.Batch{entries(0, 1, 3), entries(1, 1, 3), entries(2, 1, 3)}) {
		t.Errorf("append to %s: %v", p, err)
	}
	r, err := as("mails").Reader(t.Context(), "mails")
	for n := 0; n < 3 && err == nil; n++ {
		err = r.Seek(t.Context(), partition(n), driver.Start)
	}
	for n := 0; n < 9 && err == nil; {
		var batches []driver.Batch
		batches, err = r.Read(t.Context(), 100, 10*time.Second)
		if len(batches) == 0 {
			t.Fatalf("read %d entries and then nothing, %v; want 9", n, err)
		}
		for _, b := range batches {
			n += len(b.Entries)
		}
	}
	if err != nil {
		t.Error(err)
	}
	for _, node := range nodes {
		if refused := node.Do("ACL LOG"); refused != "*0" {
			t.Errorf("%s refused something: ACL LOG is %s", node.Addr(), refused)
		}
	}
}

// A process has a connection for all that does not wait, and one for each worker and shard that it reads from.
func TestConnectionsOfAReader(t *testing.T) {
	for shards, readers := range map[int]int{1: 4, 3: 4} {
		t.Run(fmt.Sprint(shards, " shards"), func(t *testing.T) {
			w := newWorld(t, redis.BrokerConfig{Shards: shards})
			for range readers {
				r := w.follow("billing", 0, 0, 1, 2)
				w.wantNothing(r)
			}
			w.await("all readers wait", func() bool {
				clients := w.do("CLIENT LIST") // w.raw has the same name
				all, reading := strings.Count(clients, "name=headrace")-1, strings.Count(clients, "cmd=xreadgroup")
				return all == 1+readers*shards && reading == readers*shards
			})
		})
	}
}
