package headrace

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/internal/uuid"
)

// PublishOption is an option of [Contract.Publish].
type PublishOption interface{ applyPublish(*publishing) }

type publishing struct {
	meta  Metadata
	delay time.Duration
	token *string
	cause *Metadata
}

type publishFunc func(*publishing)

func (f publishFunc) applyPublish(p *publishing) { f(p) }

// After publishes the event when the delay has passed. Delayed events of one key keep the order in which they fall due.
func After(delay time.Duration) PublishOption {
	return publishFunc(func(p *publishing) { p.delay = max(delay, 0) })
}

// Token stores what [Tx.Cancel] needs to take back an event published with [After].
func Token(token *string) PublishOption {
	return publishFunc(func(p *publishing) { p.token = token })
}

// CausedBy says which event is the cause of the published one. A handler of single events needs it only to name another.
func CausedBy(m Metadata) PublishOption {
	return publishFunc(func(p *publishing) { p.cause = &m })
}

// Publish makes the event part of the transaction: it exists if and only if the transaction commits. What a handler publishes is caused by
// the event it handles, and carries its correlation id and trace context.
//
// It fails with [ErrNotOwned], [ErrNoKey], [ErrTooLarge], [ErrTooDeep], [ErrNoCause], [ErrReadOnly], for a key that is no UTF-8 text, or with
// the error of encoding data as JSON; the transaction is still usable then, and nothing was published.
func (c Contract[T]) Publish(tx *Tx, data T, options ...PublishOption) error {
	if c.err != nil {
		return c.err
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("publish %s: %w", c, err)
	}
	if err := tx.publish(c.contract, c.key(data), encoded, options); err != nil {
		return fmt.Errorf("publish %s: %w", c, err)
	}
	return nil
}

func (tx *Tx) publish(c *contract, key string, data []byte, options []PublishOption) error {
	if err := tx.mayPublish(c, key, data); err != nil {
		return err
	}
	p := publishing{cause: tx.cause}
	for _, o := range options {
		o.applyPublish(&p)
	}
	if tx.inBatch && p.cause == nil {
		return ErrNoCause
	}
	p.meta = tx.metadata(c, key, p.cause)
	meta, err := encodeMetadata(p.meta)
	if err != nil {
		return err
	}
	message := driver.Message{
		Partition: driver.Partition{Topic: c.topic.Name, Number: p.meta.Partition},
		Key:       key, Meta: meta, Data: data,
	}
	if p.token != nil {
		*p.token = p.meta.ID
	}
	if p.delay > 0 {
		timer := driver.Timer{Token: p.meta.ID, Due: p.meta.Time.Add(p.delay), Message: message}
		tx.out.timers = append(tx.out.timers, timer)
		return nil
	}
	tx.out.messages = append(tx.out.messages, message)
	return nil
}

func (tx *Tx) mayPublish(c *contract, key string, data []byte) error {
	switch owned, ok := tx.service.owns[c.topic.Name]; {
	case tx.readOnly:
		return ErrReadOnly
	case !ok:
		return fmt.Errorf("%w: service %q, topic %q", ErrNotOwned, tx.service.name, c.topic.Name)
	case owned.partitions() != c.topic.partitions():
		return fmt.Errorf("%w: service owns topic %q with %d, the contract says %d",
			ErrPartitions, c.topic.Name, owned.partitions(), c.topic.partitions())
	}
	return checkMessage(key, data)
}

func (tx *Tx) metadata(c *contract, key string, cause *Metadata) Metadata {
	now := tx.service.clock.Now()
	m := Metadata{
		ID: uuid.V7(now), Topic: c.topic.Name, Type: c.name, Version: c.version,
		Key: key, Partition: c.topic.Partition(key), Time: now, Source: tx.service.name,
		CorrelationID: tx.origin.correlation,
		TraceParent:   tx.origin.traceParent, TraceState: tx.origin.traceState,
	}
	if cause != nil {
		m.CausationID, m.CorrelationID = cause.ID, cause.CorrelationID
		if m.TraceParent == "" {
			m.TraceParent, m.TraceState = cause.TraceParent, cause.TraceState
		}
	}
	if m.CorrelationID == "" {
		m.CorrelationID = m.ID
	}
	return m
}
