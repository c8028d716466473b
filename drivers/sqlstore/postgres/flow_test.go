package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

type order struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

var (
	orders = headrace.Topic{Name: "orders", Partitions: 4}
	placed = headrace.Define(orders, "order.placed", 1, func(o order) string { return o.ID })
)

const (
	flowKeys = 16
	inFlight = 300 // how many events are published before the first of them is applied
)

// What a flow's services keep. Nothing in it prevents an effect from happening twice: it would show.
const (
	sentTable = `CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, n BIGINT NOT NULL)`
	gotTable  = `CREATE TABLE IF NOT EXISTS got (id BIGINT GENERATED ALWAYS AS IDENTITY, key TEXT NOT NULL, n BIGINT NOT NULL);
		CREATE TABLE IF NOT EXISTS row (name TEXT PRIMARY KEY, n BIGINT NOT NULL);
		INSERT INTO row (name, n) VALUES ('a', 0), ('b', 0) ON CONFLICT DO NOTHING`
)

// flow is two services under load: a shop numbers orders of some keys 1, 2, 3 in its own table and publishes them; billing writes down each that it
// gets. What came of it is compared by SQL that shares no code with the engine.
type flow struct {
	testing.TB
	ctx     context.Context
	server  *servers
	schemas [2]string // of the shop and of billing
	shop    *headrace.Service
	handle  func(context.Context, *headrace.Tx, order) error // what billing does besides

	mu       sync.Mutex
	signals  map[headrace.SignalKind]int
	begun    int // transactions of the shop
	failed   int // those of them that failed
	unknown  int // those of which it is not known what became of them
	attempts int // the highest number of an attempt that a handler was told
	changed  chan struct{}
}

// flowConfig is what differs between flows.
type flowConfig struct {
	shop, billing Config // without schema and tables
	handle        func(context.Context, *headrace.Tx, order) error
	options       []headrace.HandlerOption
	lease         time.Duration
}

// startFlow starts the services and waits until they are ready.
func startFlow(t *testing.T, server *servers, c flowConfig) *flow {
	t.Helper()
	f := &flow{TB: t, server: server, handle: c.handle, signals: map[headrace.SignalKind]int{}, changed: make(chan struct{}, 1)}
	f.schemas = [2]string{server.schema(), server.schema()}
	shop := f.open(c.shop, f.schemas[0], sentTable)
	billing := f.open(c.billing, f.schemas[1], gotTable)
	f.shop = headrace.NewService(headrace.ServiceConfig{Name: "shop", Store: shop, Owns: []headrace.Topic{orders}, Lease: c.lease})
	app := &headrace.App{
		Broker: memory.NewBroker(memory.BrokerConfig{}), Logger: slog.New(slog.DiscardHandler),
		Services: []*headrace.Service{f.shop, headrace.NewService(headrace.ServiceConfig{
			Name: "billing", Store: billing, Handlers: []headrace.Handler{headrace.On(placed, f.record, c.options...)}, Lease: c.lease,
		})},
		Hooks: headrace.Hooks{Signal: f.signal, Handle: func(ctx context.Context, c headrace.HandlerCall, run func(context.Context) error) error {
			f.mu.Lock()
			f.attempts = max(f.attempts, c.Attempt)
			f.mu.Unlock()
			return run(ctx)
		}},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	f.ctx = ctx
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
	return f
}

func (f *flow) open(c Config, schema, tables string) driver.Store {
	f.Helper()
	c.Schema, c.Tables = schema, tables
	if c.URL == "" {
		c.URL = f.server.addressOf(schema)
	}
	store, err := Open(f.Context(), c)
	must(f, err)
	f.Cleanup(func() { _ = store.Close() }) // the server may be down
	return store
}

func (f *flow) record(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
	if f.handle != nil {
		if err := f.handle(ctx, tx, e.Data); err != nil {
			return err
		}
	}
	_, err := tx.SQL().ExecContext(ctx, `INSERT INTO got (key, n) VALUES ($1, $2)`, e.Data.ID, e.Data.N)
	return err
}

// place numbers and publishes the next order of each key, in one transaction.
func (f *flow) place(ctx context.Context, tx *headrace.Tx) error {
	for i := range flowKeys {
		o := order{ID: fmt.Sprint("key-", i)}
		err := tx.SQL().QueryRowContext(ctx, `INSERT INTO sent (key, n) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET n = sent.n + 1 RETURNING n`,
			o.ID).Scan(&o.N)
		if err != nil {
			return err
		}
		if err := placed.Publish(tx, o); err != nil {
			return err
		}
	}
	return nil
}

// under puts the services under load while the function runs. Afterwards everything that the shop has must arrive within 30 s, once and in order.
func (f *flow) under(fault func()) {
	f.Helper()
	done := make(chan struct{})
	var publishing sync.WaitGroup
	publishing.Go(func() { f.publish(done) })
	defer publishing.Wait()
	stop := sync.OnceFunc(func() { close(done) })
	defer stop()
	f.flows()
	fault()
	f.flows()
	stop()
	publishing.Wait()
	f.drained()
}

// publish goes on whatever happens: the shop's table says what has become of a transaction.
func (f *flow) publish(done chan struct{}) {
	for f.ctx.Err() == nil {
		for f.succeeded()*flowKeys-f.count(headrace.Applied) >= inFlight {
			select {
			case <-f.changed:
			case <-done:
				return
			case <-f.ctx.Done():
				return
			}
		}
		pause := time.Duration(0)
		if f.transact() != nil { // it is counted
			pause = 5 * time.Millisecond
		}
		select {
		case <-done:
			return
		case <-time.After(pause):
		}
	}
}

// transact places orders.
func (f *flow) transact() error {
	err := f.shop.In(f.ctx, f.place)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun++
	if err != nil {
		f.failed++
	}
	if errors.Is(err, headrace.ErrUnknownOutcome) {
		f.unknown++
	}
	return err
}

// fails makes sure that now the shop cannot do anything.
func (f *flow) fails() {
	f.Helper()
	if err := f.transact(); err == nil {
		f.Error("a transaction succeeds: the fault did not bite")
	}
}

// succeeded is how many of the shop's transactions are known to have been committed.
func (f *flow) succeeded() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begun - f.failed
}

// flows waits until some more events have been applied.
func (f *flow) flows() {
	f.Helper()
	applied := f.count(headrace.Applied) + inFlight + 10*flowKeys
	f.await("more events are applied", func() bool { return f.count(headrace.Applied) >= applied })
}

// drained waits until billing has all that the shop has numbered, and makes sure that it has nothing twice and all in order.
func (f *flow) drained() {
	f.Helper()
	begun := time.Now()
	sent := f.server.Do(`SELECT key, n FROM "` + f.schemas[0] + `".sent ORDER BY key`)
	got := `FROM "` + f.schemas[1] + `".got`
	f.await("everything is applied", func() bool { return f.server.Do(`SELECT key, max(n) `+got+` GROUP BY key ORDER BY key`) == sent })
	took := time.Since(begun)
	if took > 30*time.Second {
		f.Errorf("draining took %v", took)
	}
	wrong := f.server.Do(`SELECT key, before, n FROM (SELECT key, n, coalesce(lag(n) OVER (PARTITION BY key ORDER BY id), 0) AS before ` + got +
		`) AS s WHERE n <> before + 1 LIMIT 10`)
	if wrong != "" {
		f.Errorf("orders did not come once and one after the other: key, the one before, and the one after it:\n%s", wrong)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range []headrace.SignalKind{
		headrace.ParkedEvents, headrace.Retried, headrace.Died, headrace.Stalled, headrace.EpochRaised, headrace.LostFuture,
	} {
		if f.signals[k] > 0 {
			f.Errorf("%s: %d times, want never", k, f.signals[k])
		}
	}
	if f.attempts > 1 {
		f.Errorf("a handler was told that it is attempt %d, want 1 always", f.attempts)
	}
	f.Logf("drained after %v; of the shop's transactions %d failed and %d are unknown; signals %v", took, f.failed, f.unknown, f.signals)
}

func (f *flow) signal(g headrace.Signal) {
	f.mu.Lock()
	f.signals[g.Kind] += g.Count
	f.mu.Unlock()
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *flow) count(k headrace.SignalKind) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.signals[k]
}

// await waits until something is so, and looks again and again: not everything that it waits for is signalled.
func (f *flow) await(what string, so func() bool) {
	f.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !so() {
		select {
		case <-look.C:
		case <-f.ctx.Done():
			f.mu.Lock()
			defer f.mu.Unlock()
			f.Fatalf("waited in vain until %s; signals: %v", what, f.signals)
		}
	}
}
