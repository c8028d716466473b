package memory

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/headrace/headrace/driver"
)

// DueParked implements [driver.ParkedEvents].
func (s *Store) DueParked(ctx context.Context, group string, partitions []driver.Partition, limit int) (driver.ParkedSummary, error) {
	t, err := s.snapshot(ctx)
	if err != nil {
		return driver.ParkedSummary{}, err
	}
	summary := driver.ParkedSummary{Holding: map[driver.Partition]bool{}, Vacant: t.parked.vacant(name(group))}
	for _, p := range partitions {
		at := leaseKey{name(group), p}
		if n, _ := t.parked.holding.Get(at); n > 0 {
			summary.Holding[p] = true
		}
		summary.Due = append(summary.Due, t.parked.earliest(at, limit+1)...)
	}
	slices.SortFunc(summary.Due, earlier)
	now, n := s.clock.Now(), 0
	for n < min(limit, len(summary.Due)) && !summary.Due[n].Due.After(now) {
		n++
	}
	if n < len(summary.Due) {
		summary.Next = summary.Due[n].Due
	}
	summary.Due = summary.Due[:n]
	return summary, nil
}

// vacant reports whether nothing of a group is parked.
func (t *parkedTable) vacant(group name) bool {
	for key := range t.rows.From(parkedKey{leaseKey: leaseKey{group: group}}) {
		return key.group != group
	}
	return true
}

// earliest returns the first n events of a partition to become due.
func (t *parkedTable) earliest(at leaseKey, n int) []driver.Parked {
	var list []driver.Parked
	for key, e := range t.due.From(dueKey{leaseKey: at}) {
		if key.leaseKey != at || len(list) >= n {
			break
		}
		list = append(list, e)
	}
	return list
}

func earlier(a, b driver.Parked) int {
	if c := a.Due.Compare(b.Due); c != 0 {
		return c
	}
	if c := a.Partition.Compare(b.Partition); c != 0 {
		return c
	}
	return a.Entry.Position.Compare(b.Entry.Position)
}

// TryParked implements [driver.ParkedEvents]. Trying what is not parked is an error.
func (s *Store) TryParked(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	tries := 0
	err := s.update(ctx, func(t *tables) error {
		if err := t.fenced(leaseKey{name(group), l.Partition}, l.Fence); err != nil {
			return fmt.Errorf("try parked event at %s: %w", p, err)
		}
		e, ok := t.parked.get(group, l.Partition, p)
		if !ok {
			return fmt.Errorf("try %s at %s: it is not parked", l.Partition, p)
		}
		e.Tries++
		t.parked.put(group, e)
		tries = e.Tries
		return nil
	})
	return tries, err
}

// ListParked implements [driver.ParkedEvents].
func (s *Store) ListParked(ctx context.Context, group string, f driver.ParkedFilter) ([]driver.Parked, error) {
	t, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Collect(t.parked.selected(group, f)), nil
}

// ReleaseDead implements [driver.ParkedEvents]. Any other state than Retrying and Discarding is an error.
func (s *Store) ReleaseDead(ctx context.Context, group string, f driver.ParkedFilter, to driver.ParkState) (int, error) {
	if !runs(to) {
		return 0, fmt.Errorf("release dead events as %q: must be %q or %q", to, driver.Retrying, driver.Discarding)
	}
	if f.State != "" && f.State != driver.Dead {
		return 0, nil
	}
	f.State = driver.Dead
	released := 0
	err := s.update(ctx, func(t *tables) error {
		now := s.clock.Now()
		for e := range t.parked.selected(group, f) {
			e.State, e.Due = to, now
			if to == driver.Retrying {
				e.Attempts, e.Tries = 0, 0
			}
			t.parked.put(group, e)
			released++
		}
		return nil
	})
	return released, err
}

// selected goes through what the filter selects, by partition and position, as it was when the loop began.
func (t *parkedTable) selected(group string, f driver.ParkedFilter) iter.Seq[driver.Parked] {
	rows := t.rows
	return func(yield func(driver.Parked) bool) {
		n := 0
		for key, e := range rows.From(parkedKey{leaseKey: leaseKey{group: name(group)}}) {
			if key.group != name(group) || f.Limit > 0 && n == f.Limit {
				return
			}
			if !matches(f, e) {
				continue
			}
			if n++; !yield(e) {
				return
			}
		}
	}
}

func matches(f driver.ParkedFilter, e driver.Parked) bool {
	return (f.State == "" || f.State == e.State) &&
		(f.Topic == "" || f.Topic == e.Partition.Topic) &&
		(f.EventID == "" || f.EventID == e.EventID) &&
		(f.Key == "" || f.Key == e.Key) &&
		(f.Position.IsZero() || f.Position == e.Entry.Position)
}

// ListForeign implements [driver.ParkedEvents]. Of items with the same Time, the one that was added last comes first.
func (s *Store) ListForeign(ctx context.Context, group string, limit int) ([]driver.Foreign, error) {
	t, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var items []driver.Foreign
	for key, item := range t.foreign.From(foreignKey{group: name(group)}) {
		if key.group != name(group) {
			break
		}
		items = append(items, item)
	}
	slices.Reverse(items)
	slices.SortStableFunc(items, func(a, b driver.Foreign) int { return b.Time.Compare(a.Time) })
	return items[:min(len(items), limit)], nil
}
