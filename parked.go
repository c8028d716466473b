package headrace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

// ParkedEvent is an event that a service could not apply yet, as an operator sees it.
type ParkedEvent struct {
	Metadata
	Data     []byte    // as it was published
	State    ParkState // retrying, waiting, dead or discarding
	Attempts int       // answered attempts so far
	Due      time.Time // when it is tried again; meaningful while retrying
	Handler  string
	Reason   string // in a word or two
	Error    string // the last error, in full
	ParkedAt time.Time
	FailedAt time.Time // zero while waiting
}

// ParkState is the state of a parked event.
type ParkState = driver.ParkState

// ParkedFilter selects parked events; its zero value selects all.
type ParkedFilter = driver.ParkedFilter

// Parked returns the service's parked events by partition and position.
func (s *Service) Parked(ctx context.Context, f ParkedFilter) ([]ParkedEvent, error) {
	rows, err := s.store.ListParked(ctx, s.name, f)
	if err != nil {
		return nil, fmt.Errorf("service %q: list parked events: %w", s.name, err)
	}
	events := make([]ParkedEvent, len(rows))
	for i, r := range rows {
		m, err := DecodeMetadata(r.Partition, r.Entry)
		if err != nil { // it was readable when it was parked; what is left of it is shown
			m = Metadata{ID: r.EventID, Topic: r.Partition.Topic, Partition: r.Partition.Number, Key: r.Key, Position: r.Entry.Position}
		}
		events[i] = ParkedEvent{
			Metadata: m, Data: r.Entry.Data, State: r.State, Attempts: r.Attempts, Due: r.Due,
			Handler: r.Handler, Reason: r.Reason, Error: r.Error, ParkedAt: r.ParkedAt, FailedAt: r.FailedAt,
		}
	}
	return events, nil
}

// errNotDead means that a filter asks for what cannot be redriven or discarded.
var errNotDead = errors.New("only dead events can be redriven or discarded")

// Redrive runs dead events again: in this service only, in order per key, with the metadata they have always had and no attempts counted.
// Those that fail become parked again as [Retry] says. It returns how many events there were; their handlers run soon after, wherever
// their partition is owned. A dead event whose key was skipped ([SkipKey]) is run out of its order.
func (s *Service) Redrive(ctx context.Context, f ParkedFilter) (int, error) {
	return s.releaseDead(ctx, f, driver.Retrying, "redrive")
}

// Discard drops dead events for good and lets the events that waited behind them go on. It returns how many there were.
func (s *Service) Discard(ctx context.Context, f ParkedFilter) (int, error) {
	return s.releaseDead(ctx, f, driver.Discarding, "discard")
}

func (s *Service) releaseDead(ctx context.Context, f ParkedFilter, to ParkState, verb string) (int, error) {
	if f.State != "" && f.State != driver.Dead {
		return 0, fmt.Errorf("service %q: %s %s events: %w", s.name, verb, f.State, errNotDead)
	}
	f.State = driver.Dead
	n, err := s.store.ReleaseDead(ctx, s.name, f, to)
	if err != nil {
		return 0, fmt.Errorf("service %q: %s: %w", s.name, verb, err)
	}
	if n > 0 {
		s.wakeWorkers()
	}
	return n, nil
}

// Foreign returns what was found on streams and is no event, newest first, at most limit.
func (s *Service) Foreign(ctx context.Context, limit int) ([]driver.Foreign, error) {
	items, err := s.store.ListForeign(ctx, s.name, limit)
	if err != nil {
		return nil, fmt.Errorf("service %q: list foreign entries: %w", s.name, err)
	}
	return items, nil
}
