package headrace

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

// Published is an event that a transaction has published. Its Position is zero: the relay has not numbered it.
type Published[T any] struct {
	Event[T]
	Due time.Time // when it is on its way, if it was published with [After]; otherwise zero
}

// RawPublished is a published event whose data was not decoded.
type RawPublished = Published[json.RawMessage]

// Deliver runs the service's handlers for events, in the order given and in one transaction of its store, and returns what they published:
// first what is due at once, then what is delayed. It is for tests (package headracetest is made of it) and tools. It needs no App.
//
// No cursor moves, and nothing is retried or parked: whoever delivers an event that the service also gets from a journal has it applied
// twice. What an event needs and does not have is filled in: id, time, correlation id and partition.
//
// Errors: the handler's own ([PanicError] for a panic; nothing took effect), [ErrNoHandler], that of decoding an event such as
// [ErrUnknownVersion], and those of [Service.In]. A handler may be run again after a conflict, as there.
func (s *Service) Deliver(ctx context.Context, events ...RawEvent) ([]RawPublished, error) {
	if s.err != nil {
		return nil, s.err
	}
	items := make([]item, len(events))
	for i, e := range events {
		var err error
		if items[i], err = s.delivery(e); err != nil {
			return nil, fmt.Errorf("service %q: deliver: %w", s.name, err)
		}
	}
	var published []RawPublished
	err := s.In(ctx, func(ctx context.Context, tx *Tx) error {
		redecode(items)
		for rest := items; len(rest) > 0; {
			n := runLength(rest, nil)
			if err := s.call(ctx, tx, rest[:n], 1); err != nil {
				return err
			}
			rest = rest[n:]
		}
		var err error
		published, err = tx.out.published()
		return err
	})
	if err != nil {
		return nil, err
	}
	return published, nil
}

// delivery makes an item of an event that came neither from a stream nor from a journal.
func (s *Service) delivery(e RawEvent) (item, error) {
	m := e.Metadata
	m.ID = cmp.Or(m.ID, s.NewID())
	m.CorrelationID = cmp.Or(m.CorrelationID, m.ID)
	if m.Time.IsZero() {
		m.Time = s.clock.Now()
	}
	if err := checkMetadata(m, m.Topic); err != nil {
		return item{}, err
	}
	h := s.handler(m.Topic, m.Type)
	if h == nil {
		return item{}, fmt.Errorf("%w of %s/%s", ErrNoHandler, m.Topic, m.Type)
	}
	m.Partition = h.topic.Partition(m.Key)
	it := item{
		partition: &partition{id: driver.Partition{Topic: m.Topic, Number: m.Partition}},
		entry:     driver.Entry{Position: m.Position, Data: e.Data},
		meta:      m, handler: h,
	}
	it.decode()
	return it, it.err
}

// published returns what is to be written at the end of the transaction.
func (o *outgoing) published() ([]RawPublished, error) {
	var list []RawPublished
	add := func(m driver.Message, due time.Time) error {
		meta, err := DecodeMetadata(m.Partition, driver.Entry{Meta: m.Meta})
		e := RawEvent{Metadata: meta, Data: m.Data}
		list = append(list, RawPublished{Event: e, Due: due})
		return err
	}
	for _, m := range o.messages {
		if err := add(m, time.Time{}); err != nil {
			return nil, err
		}
	}
	for _, t := range o.timers {
		if err := add(t.Message, t.Due); err != nil {
			return nil, err
		}
	}
	return list, nil
}
