package redis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headrace/headrace/driver"
)

func (tx *transaction) parkedKey(group string) string { return tx.store.key("parked", group) }

func parkedField(p driver.Partition, at driver.Position) string {
	return p.String() + "/" + at.String()
}

// parked returns the parked events of a group, by partition and position.
func (tx *transaction) parked(ctx context.Context, group string) ([]driver.Parked, error) {
	rows, err := tx.all(ctx, tx.parkedKey(group))
	if err != nil {
		return nil, err
	}
	var list []driver.Parked
	for _, r := range rows {
		if !r.here {
			continue
		}
		e, err := unpack[driver.Parked](r.is)
		if err != nil {
			return nil, fmt.Errorf("redis: parked event: %w", err)
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b driver.Parked) int {
		return cmp.Or(a.Partition.Compare(b.Partition), a.Entry.Position.Compare(b.Entry.Position))
	})
	return list, nil
}

// change replaces a parked event by what fn makes of it.
func (tx *transaction) change(ctx context.Context, group string, p driver.Partition, at driver.Position, fn func(driver.Parked) driver.Parked) error {
	r, err := tx.get(ctx, tx.parkedKey(group), parkedField(p, at), true)
	if err != nil {
		return err
	}
	if !r.here {
		return fmt.Errorf("%s at %s: it is not parked", p, at)
	}
	e, err := unpack[driver.Parked](r.is)
	if err != nil {
		return err
	}
	r.set(pack(fn(e)))
	return nil
}

// Park implements [driver.Parking].
func (tx *transaction) Park(ctx context.Context, group string, events []driver.Parked) error {
	return tx.write(ctx, func() error {
		for _, e := range events {
			r, err := tx.get(ctx, tx.parkedKey(group), parkedField(e.Partition, e.Entry.Position), true)
			if err != nil {
				return err
			}
			if r.here {
				return fmt.Errorf("park %s at %s: it is parked already", e.Partition, e.Entry.Position)
			}
			r.set(pack(e))
		}
		return nil
	})
}

// Held implements [driver.Parking].
func (tx *transaction) Held(ctx context.Context, group string, keys map[driver.Partition][]string) (map[driver.Partition][]string, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	list, err := tx.parked(ctx, group)
	if err != nil {
		return nil, err
	}
	held := map[driver.Partition][]string{}
	for _, e := range list {
		if e.Holds && slices.Contains(keys[e.Partition], e.Key) && !slices.Contains(held[e.Partition], e.Key) {
			held[e.Partition] = append(held[e.Partition], e.Key)
		}
	}
	for _, names := range held {
		slices.Sort(names)
	}
	return held, nil
}

// Queue implements [driver.Parking].
func (tx *transaction) Queue(ctx context.Context, group string, p driver.Partition, key string, limit int) (queue []driver.Parked, err error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	list, err := tx.parked(ctx, group)
	for _, e := range list {
		if e.Partition == p && e.Key == key && e.State == driver.Waiting && len(queue) < limit {
			queue = append(queue, e)
		}
	}
	return queue, err
}

// Unpark implements [driver.Parking].
func (tx *transaction) Unpark(ctx context.Context, group string, p driver.Partition, positions []driver.Position) error {
	return tx.write(ctx, func() error {
		for _, at := range positions {
			r, err := tx.get(ctx, tx.parkedKey(group), parkedField(p, at), true)
			if err != nil {
				return err
			}
			r.remove()
		}
		return nil
	})
}

// Repark implements [driver.Parking].
func (tx *transaction) Repark(ctx context.Context, group string, event driver.Parked) error {
	return tx.write(ctx, func() error {
		return tx.change(ctx, group, event.Partition, event.Entry.Position, func(old driver.Parked) driver.Parked {
			event.Entry, event.EventID, event.Key, event.ParkedAt = old.Entry, old.EventID, old.Key, old.ParkedAt
			return event
		})
	})
}

// AddForeign implements [driver.Parking].
func (tx *transaction) AddForeign(ctx context.Context, group string, items []driver.Foreign) error {
	return tx.write(ctx, func() error {
		for _, f := range items {
			tx.do("add", tx.store.key("foreign", group), parkedField(f.Partition, f.Position)+" "+string(f.Data), pack(f))
		}
		return nil
	})
}

// ListForeign implements [driver.ParkedEvents].
func (s *Store) ListForeign(ctx context.Context, group string, limit int) ([]driver.Foreign, error) {
	rows, err := s.begin(true).all(ctx, s.key("foreign", group))
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, r := range rows {
		texts = append(texts, r.is)
	}
	slices.SortFunc(texts, func(a, b string) int { return strings.Compare(b, a) }) // the serial comes first
	var list []driver.Foreign
	for _, text := range texts {
		f, err := unpack[driver.Foreign](text[serialLength:])
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	slices.SortStableFunc(list, func(a, b driver.Foreign) int { return b.Time.Compare(a.Time) })
	return list[:min(len(list), limit)], nil
}

const serialLength = 16

// DueParked implements [driver.ParkedEvents].
func (s *Store) DueParked(ctx context.Context, group string, partitions []driver.Partition, limit int) (driver.ParkedSummary, error) {
	sum := driver.ParkedSummary{Holding: map[driver.Partition]bool{}}
	now, err := s.now(ctx)
	if err != nil {
		return sum, err
	}
	list, err := s.begin(true).parked(ctx, group)
	if err != nil {
		return sum, err
	}
	for _, e := range list {
		if !slices.Contains(partitions, e.Partition) {
			continue
		}
		if e.Holds {
			sum.Holding[e.Partition] = true
		}
		if e.State == driver.Retrying || e.State == driver.Discarding {
			sum.Due = append(sum.Due, e)
		}
	}
	slices.SortStableFunc(sum.Due, func(a, b driver.Parked) int { return a.Due.Compare(b.Due) })
	n := 0
	for n < min(limit, len(sum.Due)) && !sum.Due[n].Due.After(now) {
		n++
	}
	if n < len(sum.Due) {
		sum.Next = sum.Due[n].Due
	}
	sum.Due = sum.Due[:n]
	return sum, nil
}

// TryParked implements [driver.ParkedEvents].
func (s *Store) TryParked(ctx context.Context, group string, l driver.Lease, p driver.Position) (tries int, err error) {
	err = s.update(ctx, func(tx *transaction) error {
		if _, _, err := tx.fenced(ctx, group, l.Partition, l.Fence); err != nil {
			return fmt.Errorf("try parked event at %s: %w", p, err)
		}
		return tx.change(ctx, group, l.Partition, p, func(e driver.Parked) driver.Parked {
			e.Tries++
			tries = e.Tries
			return e
		})
	})
	return tries, err
}

// ListParked implements [driver.ParkedEvents].
func (s *Store) ListParked(ctx context.Context, group string, f driver.ParkedFilter) ([]driver.Parked, error) {
	return s.begin(true).selected(ctx, group, f)
}

func (tx *transaction) selected(ctx context.Context, group string, f driver.ParkedFilter) ([]driver.Parked, error) {
	list, err := tx.parked(ctx, group)
	list = slices.DeleteFunc(list, func(e driver.Parked) bool {
		return f.State != "" && f.State != e.State || f.Topic != "" && f.Topic != e.Partition.Topic ||
			f.EventID != "" && f.EventID != e.EventID || f.Key != "" && f.Key != e.Key ||
			!f.Position.IsZero() && f.Position != e.Entry.Position
	})
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[:f.Limit]
	}
	return list, err
}

// ReleaseDead implements [driver.ParkedEvents].
func (s *Store) ReleaseDead(ctx context.Context, group string, f driver.ParkedFilter, to driver.ParkState) (int, error) {
	if to != driver.Retrying && to != driver.Discarding {
		return 0, fmt.Errorf("release dead events as %s: must be %q or %q", strconv.Quote(string(to)), driver.Retrying, driver.Discarding)
	}
	if f.State != "" && f.State != driver.Dead {
		return 0, nil
	}
	f.State = driver.Dead
	now, err := s.now(ctx)
	if err != nil {
		return 0, err
	}
	released := 0
	err = s.update(ctx, func(tx *transaction) error {
		list, err := tx.selected(ctx, group, f)
		released = len(list)
		for _, e := range list {
			if err := tx.change(ctx, group, e.Partition, e.Entry.Position, func(e driver.Parked) driver.Parked {
				e.State, e.Due = to, now
				if to == driver.Retrying {
					e.Attempts, e.Tries = 0, 0
				}
				return e
			}); err != nil {
				return err
			}
		}
		return err
	})
	return released, err
}
