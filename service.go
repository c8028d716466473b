package headrace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/internal/uuid"
)

// ServiceConfig is what a service is made of. Name and Store are required; everything else is useful at zero.
type ServiceConfig struct {
	// Name is the service's name, and that of its group. It must not change once the service has a cursor.
	Name string
	// Store is the service's own database. No two services share one.
	Store driver.Store
	// Owns are the topics that this service, and no other, publishes to.
	Owns []Topic
	// Handlers are what the service does about events, its own or others'. At most one for each event type.
	Handlers []Handler

	// Batch is how many events one transaction may handle at most. Default 256.
	Batch int
	// Workers is how many transactions handle events at the same time. Default: what the store thinks makes sense.
	Workers int
	// Lease is how long a member that has died keeps its partitions. Default 5 s, at least 100 ms.
	Lease time.Duration
	// Drain is how long a stop waits for handlers that are running before their context ends. Default 20 s.
	Drain time.Duration
	// PublishOnly makes this process one that only opens transactions of the service ([Service.In], [Service.View]): it relays nothing and
	// handles nothing. Other processes, which run the service on the same database, do that; [App.Live] tells them at once.
	PublishOnly bool
	// Clock tells the time. Default: the machine's clock.
	Clock driver.Clock
}

// Service is a part of a system with a database of its own: it publishes events to the topics it owns and handles those of others. It is
// run by an [App]. Several processes may run the same service on the same store.
type Service struct {
	name     string
	store    driver.Store
	owns     map[string]Topic
	follows  map[string]Topic
	handlers map[string]map[string]*Handler // by topic, then type
	config   ServiceConfig
	clock    driver.Clock
	err      error

	heads  heads
	glance glance
	vacant vacancy
	env    atomic.Pointer[environment]
	member atomic.Pointer[member] // of this process, once it runs
	nudge  chan struct{}          // tells the relay of this process that there is something in the outbox
}

// environment is what a service gets from the App that runs it.
type environment struct {
	log   *slog.Logger
	hooks Hooks
}

func (s *Service) log() *slog.Logger { return s.env.Load().log }

// NewService makes a service. A mistake in the configuration is reported when the App starts; Check reports it at once.
func NewService(c ServiceConfig) *Service {
	c.Batch = cmp.Or(c.Batch, 256)
	c.Lease = cmp.Or(c.Lease, 5*time.Second)
	c.Drain = cmp.Or(c.Drain, 20*time.Second)
	s := &Service{
		name: c.Name, store: c.Store, config: c, clock: c.Clock,
		owns: map[string]Topic{}, follows: map[string]Topic{}, handlers: map[string]map[string]*Handler{},
		nudge: make(chan struct{}, 1),
	}
	s.env.Store(&environment{log: slog.Default()})
	s.err = s.build()
	return s
}

// Name is the service's name.
func (s *Service) Name() string { return s.name }

// Check returns what is wrong with the service's configuration: each mistake is named, and nil means none was found.
func (s *Service) Check() error { return s.err }

func (s *Service) build() error {
	var problems []error
	if err := checkName(s.name); err != nil {
		problems = append(problems, err)
	}
	if s.store == nil {
		problems = append(problems, errors.New("store is nil"))
	}
	if s.config.Batch < 1 || s.config.Workers < 0 || s.config.Drain < 0 || s.config.Lease < 100*time.Millisecond {
		problems = append(problems, errors.New("config: Batch below 1, Workers or Drain below 0, or Lease below 100ms"))
	}
	for _, t := range s.config.Owns {
		problems = append(problems, s.own(t))
	}
	for i := range s.config.Handlers {
		problems = append(problems, s.handle(&s.config.Handlers[i]))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("service %q: %w", s.name, err)
	}
	return nil
}

func (s *Service) own(t Topic) error {
	if err := t.check(); err != nil {
		return err
	}
	if _, twice := s.owns[t.Name]; twice {
		return fmt.Errorf("topic %q is owned twice", t.Name)
	}
	s.owns[t.Name] = t
	return nil
}

func (s *Service) handle(h *Handler) error {
	owned, owns := s.owns[h.topic.Name]
	followed, follows := s.follows[h.topic.Name]
	switch n := h.topic.partitions(); {
	case h.err != nil:
		return h.err
	case h.call == nil:
		return errors.New("handler is empty: it is made by On, OnBatch or OnTopic")
	case h.policy.timeout <= 0:
		return fmt.Errorf("handler of %s: Timeout %v: must be above 0", h.name(), h.policy.timeout)
	case owns && owned.partitions() != n:
		return fmt.Errorf("handler of %s: %w: %d here, %d where it is owned", h.name(), ErrPartitions, n, owned.partitions())
	case follows && followed.partitions() != n:
		return fmt.Errorf("handler of %s: %w: %d here, %d in another handler", h.name(), ErrPartitions, n, followed.partitions())
	}
	s.follows[h.topic.Name] = h.topic
	return s.register(h)
}

// register adds a handler to those of its topic.
func (s *Service) register(h *Handler) error {
	types := s.handlers[h.topic.Name]
	if types == nil {
		types = map[string]*Handler{}
		s.handlers[h.topic.Name] = types
	}
	_, whole := types[""]
	switch {
	case types[h.typ] != nil:
		return fmt.Errorf("handler of %s is there twice", h.name())
	case whole, h.typ == "" && len(types) > 0:
		return fmt.Errorf("topic %q has both OnTopic and handlers by type", h.topic.Name)
	}
	for _, other := range types {
		if other.policy.start != h.policy.start {
			return fmt.Errorf("handler of %s: From differs from that of %s", h.name(), other.name())
		}
	}
	types[h.typ] = h
	return nil
}

// handler returns who handles events of a topic and type; nil if nobody does.
func (s *Service) handler(topic, typ string) *Handler {
	types := s.handlers[topic]
	if h := types[""]; h != nil {
		return h
	}
	return types[typ]
}

type correlationKey struct{}

// WithCorrelation makes the transactions opened with the context publish under this correlation id. Without it, every event published
// outside a handler starts a correlation of its own.
func WithCorrelation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, correlationKey{}, id)
}

// NewID returns a new UUID of version 7: for correlation ids, and for entities.
func (s *Service) NewID() string { return uuid.V7(s.clock.Now()) }

// insideKey marks a context as that of a transaction of a store.
type insideKey struct{ store driver.Store }

// In runs a function in a transaction of the service's store and commits it if the function returns nil. It works whether the service is
// running or not. The function may be run more than once, when the database gives up on the transaction because of others, or its connection
// is lost before COMMIT.
//
// Errors: the function's own, [ErrNested], [ErrConflict] after ten conflicts, [ErrUnknownOutcome].
func (s *Service) In(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return s.insist(ctx, func(int) error { return s.once(ctx, driver.TxOptions{}, fn) })
}

// View runs a function in a read-only transaction, which sees a consistent state and does not hold up writers.
func (s *Service) View(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return s.once(ctx, driver.TxOptions{ReadOnly: true}, fn)
}

func (s *Service) once(ctx context.Context, o driver.TxOptions, fn func(context.Context, *Tx) error) error {
	if s.err != nil {
		return s.err
	}
	tx, ctx, err := s.begin(ctx, o)
	if err != nil {
		return err
	}
	defer tx.rollback(ctx)
	if err := fn(ctx, tx); err != nil {
		return tx.excuse(err)
	}
	return tx.excuse(tx.commit(ctx))
}

// begin opens a transaction and returns the context that belongs to it.
func (s *Service) begin(ctx context.Context, o driver.TxOptions) (*Tx, context.Context, error) {
	inside := insideKey{s.store}
	if ctx.Value(inside) != nil {
		return nil, nil, fmt.Errorf("service %q: %w", s.name, ErrNested)
	}
	t, err := s.store.Begin(ctx, o)
	if err != nil {
		return nil, nil, fmt.Errorf("service %q: begin: %w", s.name, err)
	}
	tx := &Tx{service: s, driver: t, out: &outgoing{}, readOnly: o.ReadOnly}
	tx.origin.correlation, _ = ctx.Value(correlationKey{}).(string)
	if trace := s.env.Load().hooks.Trace; trace != nil {
		tx.origin.traceParent, tx.origin.traceState = trace(ctx)
	}
	return tx, context.WithValue(ctx, inside, true), nil
}

// commit writes what was published, commits, and wakes the relay.
func (tx *Tx) commit(ctx context.Context) error {
	if err := tx.flush(ctx); err != nil {
		return fmt.Errorf("service %q: %w", tx.service.name, err)
	}
	if err := tx.driver.Commit(ctx); err != nil {
		return fmt.Errorf("service %q: commit: %w", tx.service.name, err)
	}
	if tx.published() {
		tx.service.wakeRelay()
	}
	return nil
}

func (tx *Tx) rollback(ctx context.Context) {
	_ = tx.driver.Rollback(context.WithoutCancel(ctx)) // a transaction that cannot be rolled back is ended by its database
}

// attach makes a running member known, so that it can be woken.
func (s *Service) attach(m *member) { s.member.Store(m) }

// wakeWorkers makes the workers in this process look for parked events at their next turn: within half a second when nothing comes.
func (s *Service) wakeWorkers() {
	m := s.member.Load()
	if m == nil {
		return
	}
	for _, w := range m.workers {
		w.inbox.kick()
	}
}

func (s *Service) wakeRelay() {
	select {
	case s.nudge <- struct{}{}:
	default: // it has been told already
	}
}

// wait sleeps, unless the context ends first.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
