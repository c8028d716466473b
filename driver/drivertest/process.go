package drivertest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

// errDead is what every call of a process returns after its death.
var errDead = errors.New("this process is dead")

// step is a place in the engine's work where a fault can be done.
type step string

const (
	atBegin     step = "begin"
	atAdvance   step = "advance"
	atCommit    step = "commit"
	atCommitted step = "committed" // and its answer is not there yet
	atHeartbeat step = "heartbeat"
	atNumber    step = "number"
	atNumbered  step = "numbered" // and not appended yet
	atAppend    step = "append"
	atAppended  step = "appended" // and its answer is not there yet
	atRead      step = "read"
	atReceived  step = "received" // by the process, and not by the engine yet
	atAck       step = "ack"
	atAcked     step = "acked" // and its answer is not there yet
)

// faults are what goes wrong in a process. Every field is optional and is called from several goroutines.
type faults struct {
	// step is called at every step: it can wait, kill the process, or return an error that the engine gets.
	step func(at step) error
	// append changes what is appended to the broker.
	append func([]driver.Batch) []driver.Batch
	// unfilled makes the broker one that is not filled again after a loss.
	unfilled bool
	// deliver changes what a reader gets.
	deliver func(driver.Reader, []driver.Batch) []driver.Batch
	// page is told of every page of history that is asked for.
	page func(limit, maxBytes int)
	// read is told of every read of the stream.
	read func(limit int)
}

// budget is how often a fault is still done.
type budget struct {
	all  int
	left atomic.Int64
}

func newBudget(n int) *budget {
	b := &budget{all: n}
	b.left.Store(int64(n))
	return b
}

// take reports whether the fault is done once more.
func (b *budget) take() bool { return b.left.Add(-1) >= 0 }

// taken is how often it was done.
func (b *budget) taken() int { return b.all - int(max(b.left.Load(), 0)) }

// part is a service that a process runs.
type part struct {
	site   *site
	config headrace.ServiceConfig
}

// publisher is the shop: it owns the orders.
func (s *system) publisher() part {
	return part{s.shop, headrace.ServiceConfig{Owns: []headrace.Topic{orderTopic}}}
}

// subscriber is a service that handles orders.
func subscriber(at *site, handlers ...headrace.Handler) part {
	return part{at, headrace.ServiceConfig{Handlers: handlers}}
}

// recording is a service that records every order.
func (s *system) recording(at *site, options ...headrace.HandlerOption) part {
	return subscriber(at, headrace.On(placed, s.recorder(at), options...))
}

// process is one process of the system: an App whose stores and broker fail as the case wants it. It can die.
type process struct {
	system   *system
	faults   faults
	app      *headrace.App
	services map[string]*headrace.Service

	dead    atomic.Bool
	context context.Context
	cancel  context.CancelFunc
	ended   chan struct{}
	resume  func() // of a process that can be paused
	err     error
}

// build makes a process that does not run yet.
func (s *system) build(f faults, parts ...part) *process {
	p := &process{system: s, faults: f, services: map[string]*headrace.Service{}, ended: make(chan struct{})}
	p.context, p.cancel = context.WithCancel(s.ctx)
	p.app = &headrace.App{
		Broker: faultyBroker{s.broker, p}, Logger: slog.New(slog.DiscardHandler), Hooks: headrace.Hooks{Signal: s.signal},
	}
	for _, part := range parts {
		c := part.config
		c.Name, c.Store, c.Clock, c.Lease = part.site.name, &faultyStore{part.site.store, p}, s.clock.Now, lease
		service := headrace.NewService(c)
		p.services[c.Name] = service
		p.app.Services = append(p.app.Services, service)
	}
	return p
}

// client is a process that publishes orders and runs nothing.
func (s *system) client() *process { return s.build(faults{}, s.publisher()) }

// run starts a process and waits until it is ready.
func (s *system) run(f faults, parts ...part) *process {
	s.Helper()
	p := s.build(f, parts...)
	p.start()
	return p
}

func (p *process) start() {
	p.system.Helper()
	var running sync.WaitGroup
	running.Go(func() {
		defer close(p.ended)
		p.err = p.app.Run(p.context)
		p.system.touch()
	})
	p.system.Cleanup(func() {
		p.cancel()
		running.Wait()
	})
	select {
	case <-p.app.Ready():
	case <-p.ended:
		if !p.dead.Load() {
			p.system.Fatalf("run: %v", p.err)
		}
	case <-p.system.ctx.Done():
		p.system.Fatal("run: the app does not become ready")
	}
}

// stop stops the process in an orderly way.
func (p *process) stop() {
	p.system.Helper()
	p.cancel()
	<-p.ended
	p.system.must(p.err, "run")
}

// die is what happens to the process when it is killed: nothing that it does from now on has an effect.
func (p *process) die() {
	p.dead.Store(true)
	p.cancel()
}

// kill kills the process and lets its leases expire.
func (p *process) kill() {
	p.die()
	<-p.ended
	p.system.elapse(2 * lease)
}

// at is called at every step.
func (p *process) at(s step) error {
	if p.dead.Load() {
		return errDead
	}
	if p.faults.step != nil {
		if err := p.faults.step(s); err != nil {
			return err
		}
	}
	if p.dead.Load() {
		return errDead
	}
	return nil
}

// in runs a function in a transaction of a service.
func (p *process) in(at *site, fn func(ctx context.Context, tx *headrace.Tx) error) error {
	return p.services[at.name].In(p.system.ctx, fn)
}

// publish publishes orders of a key, each in a transaction of its own.
func (p *process) publish(key string, numbers ...int) {
	p.system.Helper()
	for _, n := range numbers {
		err := p.in(p.system.shop, func(_ context.Context, tx *headrace.Tx) error { return placed.Publish(tx, order{ID: key, N: n}) })
		p.system.must(err, "publish")
	}
}

// publishAll publishes orders of some keys, numbered from and to, round by round.
func (p *process) publishAll(keys []string, from, to int) {
	p.system.Helper()
	for n := from; n <= to; n++ {
		err := p.in(p.system.shop, func(_ context.Context, tx *headrace.Tx) error {
			for _, key := range keys {
				if err := placed.Publish(tx, order{ID: key, N: n}); err != nil {
					return err
				}
			}
			return nil
		})
		p.system.must(err, "publish")
	}
}
