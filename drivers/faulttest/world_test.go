package faulttest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/testserver"
)

// lease is how long leases of nodes last. Three of them fit into a row of a few seconds.
const lease = time.Second

// drainIn is how long everything may take after the last fault (promise 16).
const drainIn = 30 * time.Second

// soak makes rows longer.
func soak() bool { return os.Getenv("HEADRACE_SOAK") != "" }

// rounds is how often a fault is done: more often in a soak.
func rounds(n int) int {
	if soak() {
		return 5 * n
	}
	return n
}

// world is a Redis and a database of a row's own, and the nodes on them.
type world struct {
	*testing.T
	redis    *testserver.RedisServer
	postgres *testserver.PostgresServer
	database string // its name on the server
	settings nodeSettings
	started  []*process // all there ever were
	patience time.Duration
}

// newWorld makes a world on a server that other worlds may have databases on, too. No node runs yet.
func newWorld(t *testing.T, postgres *testserver.PostgresServer) *world {
	t.Helper()
	w := &world{T: t, postgres: postgres, redis: testserver.Redis(t), patience: drainIn}
	w.database = fmt.Sprintf("world_%d", time.Now().UnixNano())
	postgres.Do("CREATE DATABASE " + w.database)
	w.settings = nodeSettings{
		Redis: w.redis.URL(), Postgres: w.databaseURL(postgres.URL()), Lease: lease, Rate: 60, Keys: 20, Workers: 2, Bound: 10_000,
	}
	return w
}

// own gives the world another Redis, with settings. No node runs yet.
func (w *world) own(redisSettings ...string) {
	w.Helper()
	w.redis = testserver.Redis(w, redisSettings...)
	w.settings.Redis = w.redis.URL()
}

// databaseURL is where the world's database is, behind an address of the server.
func (w *world) databaseURL(server string) string {
	return strings.Replace(server, "/postgres?", "/"+w.database+"?pool_max_conns=10&", 1)
}

// start starts a node that runs some services, and waits until it is ready.
func (w *world) start(services ...string) *process {
	w.Helper()
	return w.startWith(w.settings, services...)
}

func (w *world) startWith(s nodeSettings, services ...string) *process {
	w.Helper()
	s.Services = services
	p := startProcess(w.T, fmt.Sprintf("node %d (%s)", len(w.started), strings.Join(services, ", ")), s)
	w.started = append(w.started, p)
	w.awaitThat(p.name+" is ready", func() bool {
		if !p.lives() {
			w.Fatalf("%s ends before it is ready:\n%s", p.name, p.log.end())
		}
		return p.report().Ready
	})
	return p
}

// awaitThat waits until something is so that nobody signals.
func (w *world) awaitThat(what string, so func() bool) {
	w.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(w.patience); !so(); <-look.C {
		if time.Now().After(deadline) {
			w.Fatalf("waited in vain until %s; signals: %v\n%s", what, w.signals(), w.logs())
		}
	}
}

func (w *world) logs() string {
	var b strings.Builder
	for _, p := range w.started {
		fmt.Fprintf(&b, "--- %s\n%s", p.name, p.log.end())
	}
	return b.String()
}

// signals are those of all nodes there ever were, as far as they could tell.
func (w *world) signals() map[headrace.SignalKind]int {
	all := map[headrace.SignalKind]int{}
	for _, p := range w.started {
		for k, n := range p.report().Signals {
			all[k] += n
		}
	}
	return all
}

func (w *world) count(k headrace.SignalKind) int { return w.signals()[k] }

// until does something again and again until some signal was given more often than before. That is how a row knows that its fault bit.
func (w *world) until(k headrace.SignalKind, more int, do func()) {
	w.Helper()
	before := w.count(k)
	w.awaitThat(fmt.Sprintf("%s was signalled %d times more", k, more), func() bool {
		do()
		return w.count(k) >= before+more
	})
}

// flows waits until so many more events were applied.
func (w *world) flows(n int) {
	w.Helper()
	before := w.number(`SELECT count(*) FROM sink.applied`)
	w.awaitThat(fmt.Sprintf("%d more events are applied", n), func() bool { return w.number(`SELECT count(*) FROM sink.applied`) >= before+n })
}

// load sets the rate of all producers.
func (w *world) load(rate int) {
	w.Helper()
	for _, p := range w.started {
		if p.lives() {
			p.order(order{Rate: &rate})
		}
	}
}

// quiet stops the producers of all nodes.
func (w *world) quiet() {
	w.Helper()
	w.load(0)
}

// connect opens a connection past whatever stands between the nodes and the server.
func (w *world) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, strings.Replace(w.postgres.URL(), "/postgres?", "/"+w.database+"?", 1))
}

// query returns the rows of a query as texts, columns joined by "|". While the server is down there are none.
func (w *world) query(sql string) ([]string, error) {
	ctx, cancel := context.WithTimeout(w.Context(), 10*time.Second)
	defer cancel()
	conn, err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		var b strings.Builder
		for i, v := range values {
			if i > 0 {
				b.WriteByte('|')
			}
			fmt.Fprint(&b, v)
		}
		return b.String(), err
	})
}

// number is the single value of a query; -1 while the server is down.
func (w *world) number(sql string) int {
	w.Helper()
	rows, err := w.query(sql)
	if err != nil || len(rows) != 1 {
		return -1
	}
	n := 0
	if _, err := fmt.Sscan(rows[0], &n); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
	return n
}
