package redis_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
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
	inFlight = 500 // how many events are published before the first of them is applied
)

// flow is two services under load: a shop publishes orders of some keys, numbered 1, 2, 3; billing records the last number of each key and
// sees at once when one does not follow the other.
type flow struct {
	testing.TB
	ctx     context.Context
	server  *testserver.RedisServer
	broker  *redis.Broker
	shop    *headrace.Service
	billing *headrace.Service
	db      drivertest.Database

	mu        sync.Mutex
	signals   map[headrace.SignalKind]int
	published int
	wrong     string
	changed   chan struct{} // has an element when something may have changed
}

// start starts the services and the load, and waits until it flows.
func start(t *testing.T, server *testserver.RedisServer, c redis.BrokerConfig, open func(testing.TB, driver.Clock) drivertest.Database) *flow {
	t.Helper()
	f := &flow{TB: t, server: server, signals: map[headrace.SignalKind]int{}, changed: make(chan struct{}, 1)}
	if c.URL == "" && c.Client == nil {
		c.URL = server.URL()
	}
	c.Logger = slog.New(slog.DiscardHandler)
	f.broker = newBroker(t, c)
	f.db = open(t, nil)
	f.shop = headrace.NewService(headrace.ServiceConfig{Name: "shop", Store: open(t, nil).Store, Owns: []headrace.Topic{orders}})
	f.billing = headrace.NewService(headrace.ServiceConfig{
		Name: "billing", Store: f.db.Store, Handlers: []headrace.Handler{headrace.On(placed, f.record)},
	})
	app := &headrace.App{
		Broker: f.broker, Services: []*headrace.Service{f.shop, f.billing}, Logger: slog.New(slog.DiscardHandler),
		Hooks: headrace.Hooks{Signal: f.signal},
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

// under puts the services under load while the function runs. Afterwards everything that was published must have been applied within 30 s,
// once and in order.
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

// flows waits until some more events have been applied, which were published after it began to wait.
func (f *flow) flows() {
	f.Helper()
	applied := f.count(headrace.Applied) + inFlight + 10*flowKeys
	f.await("more events are applied", func() bool { return f.count(headrace.Applied) >= applied })
}

func (f *flow) publish(done chan struct{}) {
	for n := f.published/flowKeys + 1; f.ctx.Err() == nil; n++ {
		for f.published-f.count(headrace.Applied) >= inFlight {
			select {
			case <-f.changed:
			case <-done:
				return
			case <-f.ctx.Done():
				return
			}
		}
		err := f.shop.In(f.ctx, func(_ context.Context, tx *headrace.Tx) error {
			for key := range flowKeys {
				if err := placed.Publish(tx, order{ID: fmt.Sprint("key-", key), N: n}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			f.Errorf("publish: %v", err)
			return
		}
		f.published += flowKeys
		select {
		case <-done:
			return
		default:
		}
	}
}

func (f *flow) record(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
	text, err := f.db.Get(ctx, tx.Driver(), e.Key)
	if err != nil {
		return err
	}
	if last, _ := strconv.Atoi(text); e.Data.N != last+1 { // "" is 0
		f.mu.Lock()
		f.wrong = fmt.Sprintf("%d of %s was applied after %d", e.Data.N, e.Key, last)
		f.mu.Unlock()
	}
	return f.db.Put(ctx, tx.Driver(), e.Key, strconv.Itoa(e.Data.N))
}

// drained waits until every key is at the last number that was published.
func (f *flow) drained() {
	f.Helper()
	begun := driver.SystemClock()
	last := strconv.Itoa(f.published / flowKeys)
	f.await("everything is applied", func() bool {
		tx, err := f.db.Store.Begin(f.ctx, driver.TxOptions{ReadOnly: true})
		if err != nil {
			f.Fatal(err)
		}
		defer func() { _ = tx.Rollback(f.ctx) }()
		for key := range flowKeys {
			if text, err := f.db.Get(f.ctx, tx, fmt.Sprint("key-", key)); err != nil || text != last {
				return false
			}
		}
		return true
	})
	took := driver.SystemClock().Sub(begun)
	if took > 30*time.Second {
		f.Errorf("draining took %v", took)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wrong != "" {
		f.Error(f.wrong)
	}
	for _, k := range []headrace.SignalKind{headrace.ParkedEvents, headrace.Died, headrace.Stalled, headrace.EpochRaised, headrace.LostFuture} {
		if f.signals[k] > 0 {
			f.Errorf("%s: %d times, want never", k, f.signals[k])
		}
	}
	f.Logf("%d events, drained after %v; signals %v", f.published, took, f.signals)
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

// bit fails the test when a fault had no consequence that was seen.
func (f *flow) bit(kinds ...headrace.SignalKind) {
	f.Helper()
	for _, k := range kinds {
		if f.count(k) == 0 {
			f.Errorf("nothing was ever %s: the fault did not bite", k)
		}
	}
}

// await waits until something is so. It looks again and again, because not everything that it waits for is signalled.
func (f *flow) await(what string, so func() bool) {
	f.Helper()
	look := time.NewTicker(2 * time.Millisecond)
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

// brings does something once and waits until there is more of a signal than before.
func (f *flow) brings(k headrace.SignalKind, do func()) {
	f.Helper()
	f.until(k, sync.OnceFunc(do))
}

// until does something again and again until there is more of a signal than before.
func (f *flow) until(k headrace.SignalKind, do func()) {
	f.Helper()
	before := f.count(k)
	f.await(fmt.Sprintf("there is more %s", k), func() bool {
		do()
		return f.count(k) > before
	})
}
