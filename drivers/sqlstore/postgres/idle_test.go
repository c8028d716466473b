package postgres

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/testserver"
	"github.com/headrace/headrace/memory"
)

// idleLimit is how many statements a process of an idle service may send in a second, with those that begin, set up and end transactions.
const idleLimit = 5

// beats is for how many heartbeats of each process statements are counted. There is one in a second.
const beats = 8

// TestIdleServiceAsksLittle counts, in the server's log, what two processes send of a service that has nothing to do: it owns a topic of 16
// partitions, and follows it and another's. One of them is the relay.
func TestIdleServiceAsksLittle(t *testing.T) {
	t.Parallel()
	server := &servers{PostgresServer: testserver.Postgres(t, "log_statement = all", "log_line_prefix = 'process=%a '")}
	schema := server.schema()
	for _, name := range []string{"first", "second"} {
		runIdle(t, Config{URL: server.URL() + "&application_name=" + name, Schema: schema})
	}
	eventually(t, "each process has its share of the leases", func() bool {
		return server.Do(`SELECT string_agg(n::TEXT, ' ') FROM (SELECT count(*) AS n FROM "`+schema+`".headrace_lease
			WHERE owner <> '' GROUP BY owner ORDER BY n) AS s`) == "16 17"
	})
	awaitBeats(t, server, 3) // whoever got leases looks at them first
	begun, before := time.Now(), countStatements(server.Log())
	after := awaitBeats(t, server, beats)
	seconds := time.Since(begun).Seconds()
	for _, name := range []string{"first", "second"} {
		rate := float64(after[name].all-before[name].all) / seconds
		t.Logf("the %s process sends %.1f statements a second", name, rate)
		if rate >= idleLimit {
			t.Errorf("the %s process sends %.1f statements a second, want less than %d", name, rate, idleLimit)
		}
	}
}

// sent is how many statements a process has sent, and how many of them were heartbeats.
type sent struct{ all, beats int }

var (
	statementLine = regexp.MustCompile(`(?m)^process=(\w+) LOG:  (?:statement|execute [^:]+): (.*)$`)
	beatLine      = regexp.MustCompile(`(?m)^process=(\w+) LOG:  execute [^:]+: *\n\tWITH patience`)
)

// countStatements counts what each process has sent. Statements that are sent in one message are counted each.
func countStatements(log string) map[string]sent {
	counts := map[string]sent{}
	for _, line := range statementLine.FindAllStringSubmatch(log, -1) {
		n := counts[line[1]]
		n.all += 1 + strings.Count(line[2], "; ")
		counts[line[1]] = n
	}
	for _, line := range beatLine.FindAllStringSubmatch(log, -1) {
		n := counts[line[1]]
		n.beats++
		counts[line[1]] = n
	}
	return counts
}

// awaitBeats waits until each process has sent some more heartbeats, and returns what it has sent then.
func awaitBeats(t testing.TB, server *servers, more int) (after map[string]sent) {
	t.Helper()
	before := countStatements(server.Log())
	eventually(t, "heartbeats were sent", func() bool {
		after = countStatements(server.Log())
		return min(after["first"].beats-before["first"].beats, after["second"].beats-before["second"].beats) >= more
	})
	return after
}

// eventually waits until something is so that nobody signals.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(time.Minute)
	for !so() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

type note struct{ ID string }

func runIdle(t *testing.T, c Config) {
	store, err := Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	own, other := headrace.Topic{Name: "own", Partitions: 16}, headrace.Topic{Name: "other", Partitions: 16}
	id := func(n note) string { return n.ID }
	nothing := func(context.Context, *headrace.Tx, headrace.Event[note]) error { return nil }
	app := &headrace.App{
		Broker: memory.NewBroker(memory.BrokerConfig{}), Logger: slog.New(slog.DiscardHandler),
		Services: []*headrace.Service{
			headrace.NewService(headrace.ServiceConfig{
				Name: "idle", Store: store, Owns: []headrace.Topic{own},
				Handlers: []headrace.Handler{
					headrace.On(headrace.Define(own, "own.noted", 1, id), nothing),
					headrace.On(headrace.Define(other, "other.noted", 1, id), nothing),
				},
			}),
			headrace.NewService(headrace.ServiceConfig{
				Name: "others", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{other},
			}),
		},
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
