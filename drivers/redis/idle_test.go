package redis_test

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
	"github.com/headrace/headrace/memory"
)

// idleLimit is how many commands an idle process may send in a second.
const idleLimit = 5

// TestAnIdleProcessAsksLittle counts what a process sends that runs one service: it owns a topic of 25 partitions, and follows it and the topic
// of a service in another process. Four workers read.
func TestAnIdleProcessAsksLittle(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	own, other := headrace.Topic{Name: "own", Partitions: 25}, headrace.Topic{Name: "other", Partitions: 25}
	follow := func(topic headrace.Topic) headrace.Handler {
		return headrace.OnTopic(topic, func(context.Context, *headrace.Tx, []headrace.RawEvent) error { return nil })
	}
	runAlone(t, server.URL(), headrace.ServiceConfig{Name: "others", Owns: []headrace.Topic{other}})
	runAlone(t, server.URL(), headrace.ServiceConfig{
		Name: "idle", Owns: []headrace.Topic{own}, Handlers: []headrace.Handler{follow(own), follow(other)}, Workers: 4,
	})
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for sent(server)["xgroup|create"] < own.Partitions+other.Partitions { // until all streams are being read
		<-again.C
	}
	before, begun := sent(server), time.Now()
	for time.Since(begun) < 10*time.Second {
		<-again.C
	}
	after, total := sent(server), 0
	for name, n := range after {
		total += n - before[name]
	}
	rate := float64(total) / time.Since(begun).Seconds()
	t.Logf("two processes send %.1f commands a second", rate)
	if rate >= 2*idleLimit || after["xreadgroup"] == before["xreadgroup"] {
		t.Errorf("two idle processes send %.1f commands a second, want less than %d each: %v, then %v", rate, idleLimit, before, after)
	}
}

// runAlone runs a service as a process of its own would.
func runAlone(t *testing.T, url string, c headrace.ServiceConfig) {
	t.Helper()
	c.Store = memory.NewStore(memory.StoreConfig{})
	app := &headrace.App{
		Broker: newBroker(t, redis.BrokerConfig{URL: url}), Live: newLive(t, redis.LiveConfig{URL: url}),
		Services: []*headrace.Service{headrace.NewService(c)}, Logger: slog.New(slog.DiscardHandler),
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := app.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	<-app.Ready()
}

// sent is how many commands of each kind a server was sent. Those that only scripts call are left out, and so are ours that ask.
func sent(server *testserver.RedisServer) map[string]int {
	counts := map[string]int{}
	for line := range strings.Lines(server.Do("INFO commandstats")) {
		name, numbers, ok := strings.Cut(strings.TrimSpace(line), ":calls=")
		if !ok {
			continue
		}
		calls, _, _ := strings.Cut(numbers, ",")
		switch name = strings.TrimPrefix(name, "cmdstat_"); name {
		case "xinfo|stream", "exists", "info":
		default:
			counts[name], _ = strconv.Atoi(calls) // INFO writes numbers
		}
	}
	return counts
}
