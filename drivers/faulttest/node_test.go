package faulttest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/sqlstore/postgres"
)

// nodeSettings is what a node is told when it starts.
type nodeSettings struct {
	Redis    string        // URL
	Shards   int           // of the streams
	Postgres string        // URL
	Services []string      // which run here: source, sink
	Lease    time.Duration // of both
	Workers  int           // of each; 0: the store's choice
	Bound    int           // of the streams
	Rate     int           // transactions a second that the source makes here
	Keys     int           // between which it chooses
	Pad      int           // bytes that each event has more
	Hot      int           // how many of a hundred are about the first of them
	Later    bool          // the source is of a newer release here
	Handler  handling      // what the sink does besides its work
	Point    trap          // where the node ends or stops
}

// order is what a node is told while it runs, as a line of JSON. What is not there stays as it is.
type order struct {
	Rate    *int      `json:",omitempty"`
	Handler *handling `json:",omitempty"`
	Point   *trap     `json:",omitempty"`
	Redrive bool      // of all dead events of the sink
}

// report is what a node tells whenever something has changed, as a line of JSON.
type report struct {
	Ready   bool
	Signals map[headrace.SignalKind]int
	Made    int // transactions of the source that committed, as far as it knows
	Failed  int // and that did not, or perhaps
	Trapped int // how often the node came to its point
}

// node is a process that runs services.
type node struct {
	settings nodeSettings
	traps    *traps
	handler  *handler
	producer *producer

	mu      sync.Mutex
	sink    *headrace.Service
	signals map[headrace.SignalKind]int
	ready   bool
}

// runNode is the whole life of a node: until it is asked to stop.
func runNode(settings string) error {
	n := &node{traps: newTraps(), handler: &handler{}, producer: &producer{}, signals: map[headrace.SignalKind]int{}}
	if err := json.Unmarshal([]byte(settings), &n.settings); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	n.obey(order{Rate: &n.settings.Rate, Handler: &n.settings.Handler, Point: &n.settings.Point})
	go n.listen()
	return n.run(ctx)
}

// listen obeys until the test that started the node is gone, and then ends it.
func (n *node) listen() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			fmt.Fprintln(os.Stderr, "node: order:", err)
			os.Exit(1)
		}
		n.obey(o)
	}
	os.Exit(1)
}

func (n *node) obey(o order) {
	if o.Rate != nil {
		n.producer.rate.Store(int64(*o.Rate))
	}
	if o.Handler != nil {
		n.handler.set(*o.Handler)
	}
	if o.Point != nil {
		n.traps.set(*o.Point)
	}
	if o.Redrive {
		n.mu.Lock()
		sink := n.sink
		n.mu.Unlock()
		if _, err := sink.Redrive(context.Background(), headrace.ParkedFilter{}); err != nil {
			fmt.Fprintln(os.Stderr, "node: redrive:", err)
		}
	}
}

func (n *node) run(ctx context.Context) (err error) {
	broker, err := redis.NewBroker(redis.BrokerConfig{
		URL: n.settings.Redis, Shards: n.settings.Shards, Bound: n.settings.Bound, Timeout: 2 * time.Second,
	})
	if err != nil {
		return err
	}
	live, err := redis.NewLive(redis.LiveConfig{URL: n.settings.Redis, Timeout: 2 * time.Second})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Close(), live.Close()) }()
	services, closeStores, err := n.services(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStores()) }()
	app := &headrace.App{
		Broker: trappedBroker{broker, n.traps}, Live: live, Services: services, Hooks: headrace.Hooks{Signal: n.signal},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	var beside sync.WaitGroup
	ended, end := context.WithCancel(context.Background())
	defer beside.Wait()
	defer end()
	beside.Go(func() { n.report(ended) })
	if n.runs("source") {
		beside.Go(func() { n.producer.run(ctx, services[0], n.settings, app.Ready()) })
	}
	go func() {
		<-app.Ready()
		n.mu.Lock()
		defer n.mu.Unlock()
		n.ready = true
	}()
	return app.Run(ctx)
}

func (n *node) runs(service string) bool { return slices.Contains(n.settings.Services, service) }

// services makes the services of this node, the source first.
func (n *node) services(ctx context.Context) (services []*headrace.Service, closeAll func() error, err error) {
	var closers []func() error
	closeAll = func() error {
		var problems []error
		for _, c := range closers {
			problems = append(problems, c())
		}
		return errors.Join(problems...)
	}
	for _, name := range []string{"source", "sink"} {
		if !n.runs(name) {
			continue
		}
		store, err := postgres.Open(ctx, postgres.Config{
			URL: n.settings.Postgres, Schema: name, Tables: tables[name], IdleTimeout: 10 * n.settings.Lease, LockTimeout: 5 * time.Second,
		})
		if err != nil {
			return nil, nil, errors.Join(err, closeAll())
		}
		closers = append(closers, store.Close)
		c := headrace.ServiceConfig{
			Name: name, Store: trappedStore{store, name, n.traps}, Lease: n.settings.Lease, Workers: n.settings.Workers, Drain: 5 * time.Second,
		}
		if name == "source" {
			c.Owns, c.Handlers = []headrace.Topic{moves}, []headrace.Handler{headrace.On(echoed, keepEcho)}
		} else {
			c.Owns, c.Handlers = []headrace.Topic{echoes}, []headrace.Handler{headrace.On(moved, n.handler.apply, n.handler.retry())}
		}
		services = append(services, headrace.NewService(c))
	}
	n.mu.Lock()
	n.sink = services[len(services)-1]
	n.mu.Unlock()
	return services, closeAll, nil
}

func (n *node) signal(s headrace.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.signals[s.Kind] += s.Count
}

// report tells what has changed, often enough that a death hides little.
func (n *node) report(ended context.Context) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	var last []byte
	for over := false; !over; {
		select {
		case <-again.C:
		case <-ended.Done():
			over = true
		}
		n.mu.Lock()
		text, err := json.Marshal(report{
			Ready: n.ready, Signals: n.signals, Made: int(n.producer.made.Load()), Failed: int(n.producer.failed.Load()), Trapped: n.traps.count(),
		})
		n.mu.Unlock()
		if err == nil && string(text) != string(last) {
			last = text
			_, _ = os.Stdout.Write(append(text, '\n')) // whoever does not read is gone
		}
	}
}
