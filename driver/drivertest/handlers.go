package drivertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/headrace/headrace"
)

// orderHandler is a handler of cases.
type orderHandler = func(context.Context, *headrace.Tx, headrace.Event[order]) error

// refusing records, except for the named events ("key n"), which it refuses for good.
func (s *system) refusing(at *site, events ...string) orderHandler {
	record := s.recorder(at)
	return func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
		if slices.Contains(events, describeOrder(e)) {
			return headrace.Permanent(errNo)
		}
		return record(ctx, tx, e)
	}
}

// failing records; but of every so many events of a key, one fails a few times first, after it has recorded.
func (s *system) failing(at *site, every, times int) orderHandler {
	record := s.recorder(at)
	var mu sync.Mutex
	failed := map[string]int{}
	return func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
		if err := record(ctx, tx, e); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if e.Data.N%every == every-1 && failed[e.ID] < times {
			failed[e.ID]++
			return errors.New("not yet")
		}
		return nil
	}
}

// ill records once it is cured; until then it fails for the events that it is ill for.
type ill struct {
	cured atomic.Bool
	calls atomic.Int64
}

func (s *system) poisoned(at *site, i *ill, err error, events ...string) orderHandler {
	record := s.recorder(at)
	return func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
		i.calls.Add(1)
		if !i.cured.Load() && (len(events) == 0 || slices.Contains(events, describeOrder(e))) {
			return err
		}
		return record(ctx, tx, e)
	}
}
