package headrace

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// Handler is a subscription of a service to one event type (or to a whole topic). It is made by [On], [OnBatch] or [OnTopic].
type Handler struct {
	topic   Topic
	typ     string // empty: every type of the topic
	version int    // the newest version that decode reads; 0: any
	batch   bool
	policy  policy
	err     error
	decode  func(Metadata, []byte) (any, error)
	call    func(context.Context, *Tx, []any) error
}

// HandlerOption is an option of [On], [OnBatch] and [OnTopic]: [Retry], [From] or [Timeout].
type HandlerOption interface{ applyHandler(*policy) }

// policy is what the options of a handler come to.
type policy struct {
	retry   []Retry // those with an If, then the one without
	timeout time.Duration
	start   Start
}

type handlerFunc func(*policy)

func (f handlerFunc) applyHandler(p *policy) { f(p) }

// Start says where a group that has never seen a topic begins.
type Start int

// The two places to begin.
const (
	Beginning Start = iota // with the first event there ever was: the default
	Now                    // with the first event published after the service was first started
)

// From says where the group begins with the handler's topic when it has never seen it. All handlers of a topic must agree. Default:
// [Beginning]. Once a group has a cursor, From changes nothing.
func From(start Start) HandlerOption {
	return handlerFunc(func(p *policy) { p.start = start })
}

// Timeout is how long one call of the handler may take before its context ends; default 30 s.
func Timeout(d time.Duration) HandlerOption {
	return handlerFunc(func(p *policy) { p.timeout = d })
}

const defaultTimeout = 30 * time.Second

// On handles every event of a contract, one at a time and in order per key. The function's effects through tx, what it publishes and the
// cursor's move are one transaction; it may share the transaction with events before and after. When the function fails, all of it is
// undone and it is run again, as [Retry] says: so it must not leave effects outside of tx without an idempotency key
// ([Metadata.EffectKey]).
func On[T any](c Contract[T], fn func(context.Context, *Tx, Event[T]) error, options ...HandlerOption) Handler {
	h := newHandler(c, options)
	h.call = func(ctx context.Context, tx *Tx, events []any) error {
		for _, e := range events {
			if err := fn(ctx, tx, e.(Event[T])); err != nil {
				return err
			}
		}
		return nil
	}
	if fn == nil {
		h.err = fmt.Errorf("handler of %s: function is nil", c)
	}
	return h
}

// OnBatch handles runs of events of a contract, in order, with one call: for handlers that write many rows with one statement. When it
// fails, its events are run again one by one, so that only the guilty one is retried and parked. What it publishes needs [CausedBy] when
// it was given more than one event.
func OnBatch[T any](c Contract[T], fn func(context.Context, *Tx, []Event[T]) error, options ...HandlerOption) Handler {
	h := newHandler(c, options)
	h.batch = true
	h.call = batchCall(fn)
	if fn == nil {
		h.err = fmt.Errorf("batch handler of %s: function is nil", c)
	}
	return h
}

// OnTopic handles every event of a topic, of whatever type and version, undecoded and in batches like [OnBatch]: for archives, audits and
// bridges. A service has either OnTopic or handlers by type for a topic.
func OnTopic(t Topic, fn func(context.Context, *Tx, []RawEvent) error, options ...HandlerOption) Handler {
	h := Handler{topic: t, batch: true, policy: newPolicy(options), err: t.check(), call: batchCall(fn)}
	h.decode = func(m Metadata, data []byte) (any, error) {
		return RawEvent{Metadata: m, Data: bytes.Clone(data)}, nil // the journal's own bytes may be shared
	}
	if fn == nil {
		h.err = fmt.Errorf("handler of topic %q: function is nil", t.Name)
	}
	return h
}

func newHandler[T any](c Contract[T], options []HandlerOption) Handler {
	return Handler{
		topic: c.topic, typ: c.name, version: c.version, policy: newPolicy(options), err: c.err,
		decode: func(m Metadata, data []byte) (any, error) {
			value, err := c.decode(m.Version, data)
			return Event[T]{Metadata: m, Data: value}, err
		},
	}
}

func newPolicy(options []HandlerOption) policy {
	p := policy{timeout: defaultTimeout}
	for _, o := range options {
		o.applyHandler(&p)
	}
	return p
}

func batchCall[T any](fn func(context.Context, *Tx, []Event[T]) error) func(context.Context, *Tx, []any) error {
	return func(ctx context.Context, tx *Tx, events []any) error {
		typed := make([]Event[T], len(events))
		for i, e := range events {
			typed[i] = e.(Event[T])
		}
		return fn(ctx, tx, typed)
	}
}

// name is how logs, parked events and metrics call the handler.
func (h *Handler) name() string {
	if h.typ == "" {
		return h.topic.Name
	}
	return h.topic.Name + "/" + h.typ
}
