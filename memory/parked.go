package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/internal/immutable"
)

// parkedTable holds parked events and finds them again in the three ways that the engine asks for them.
type parkedTable struct {
	rows    immutable.Map[parkedKey, driver.Parked]
	queues  immutable.Map[queueKey, driver.Parked] // by key and position
	due     immutable.Map[dueKey, driver.Parked]   // those Retrying or Discarding, by time
	holding immutable.Map[leaseKey, int]           // how many events of a partition hold their key
}

type parkedKey struct {
	leaseKey
	position driver.Position
}

// Compare implements [immutable.Key].
func (k parkedKey) Compare(other parkedKey) int {
	return cmp.Or(k.leaseKey.Compare(other.leaseKey), k.position.Compare(other.position))
}

type queueKey struct {
	leaseKey
	key      string
	position driver.Position
}

// Compare implements [immutable.Key].
func (k queueKey) Compare(other queueKey) int {
	return cmp.Or(k.leaseKey.Compare(other.leaseKey), strings.Compare(k.key, other.key), k.position.Compare(other.position))
}

type dueKey struct {
	leaseKey
	due      time.Time
	position driver.Position
}

// Compare implements [immutable.Key].
func (k dueKey) Compare(other dueKey) int {
	return cmp.Or(k.leaseKey.Compare(other.leaseKey), k.due.Compare(other.due), k.position.Compare(other.position))
}

// put stores an event in the place of what was stored of it before.
func (t *parkedTable) put(group string, e driver.Parked) {
	t.remove(group, e.Partition, e.Entry.Position)
	at := leaseKey{name(group), e.Partition}
	t.rows = t.rows.Set(parkedKey{at, e.Entry.Position}, e)
	t.queues = t.queues.Set(queueKey{at, e.Key, e.Entry.Position}, e)
	if runs(e.State) {
		t.due = t.due.Set(dueKey{at, e.Due, e.Entry.Position}, e)
	}
	if e.Holds {
		n, _ := t.holding.Get(at)
		t.holding = t.holding.Set(at, n+1)
	}
}

// remove forgets an event if it is there.
func (t *parkedTable) remove(group string, p driver.Partition, position driver.Position) {
	at := leaseKey{name(group), p}
	e, ok := t.rows.Get(parkedKey{at, position})
	if !ok {
		return
	}
	t.rows = t.rows.Delete(parkedKey{at, position})
	t.queues = t.queues.Delete(queueKey{at, e.Key, position})
	t.due = t.due.Delete(dueKey{at, e.Due, position})
	if n, _ := t.holding.Get(at); e.Holds {
		t.holding = t.holding.Set(at, n-1)
	}
}

func (t *parkedTable) get(group string, p driver.Partition, position driver.Position) (driver.Parked, bool) {
	return t.rows.Get(parkedKey{leaseKey{name(group), p}, position})
}

// holds reports whether a key has an event that holds later ones.
func (t *parkedTable) holds(group string, p driver.Partition, key string) bool {
	for _, e := range t.queues.From(queueKey{leaseKey: leaseKey{name(group), p}, key: key}) {
		if e.Partition != p || e.Key != key {
			return false
		}
		if e.Holds {
			return true
		}
	}
	return false
}

// runs says whether events in this state are run by the partition's owner when they are due.
func runs(s driver.ParkState) bool { return s == driver.Retrying || s == driver.Discarding }

// Park implements [driver.Parking]. Parking what is parked already is an error.
func (tx *transaction) Park(ctx context.Context, group string, events []driver.Parked) error {
	return tx.write(ctx, func(t *tables) error {
		for _, e := range events {
			if _, there := t.parked.get(group, e.Partition, e.Entry.Position); there {
				return fmt.Errorf("park %s at %s: it is parked already", e.Partition, e.Entry.Position)
			}
			t.parked.put(group, e)
		}
		return nil
	})
}

// Held implements [driver.Parking]. The keys of a partition come sorted, each once.
func (tx *transaction) Held(ctx context.Context, group string, keys map[driver.Partition][]string) (map[driver.Partition][]string, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	held := map[driver.Partition][]string{}
	for p, list := range keys {
		if n, _ := tx.tables.parked.holding.Get(leaseKey{name(group), p}); n == 0 {
			continue
		}
		for _, key := range slices.Compact(slices.Sorted(slices.Values(list))) {
			if tx.tables.parked.holds(group, p, key) {
				held[p] = append(held[p], key)
			}
		}
	}
	return held, nil
}

// Queue implements [driver.Parking].
func (tx *transaction) Queue(ctx context.Context, group string, p driver.Partition, key string, limit int) ([]driver.Parked, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	var queue []driver.Parked
	at := leaseKey{name(group), p}
	for k, e := range tx.tables.parked.queues.From(queueKey{leaseKey: at, key: key}) {
		if k.leaseKey != at || k.key != key || len(queue) >= limit {
			break
		}
		if e.State == driver.Waiting {
			queue = append(queue, e)
		}
	}
	return queue, nil
}

// Unpark implements [driver.Parking]. Positions at which nothing is parked are passed over.
func (tx *transaction) Unpark(ctx context.Context, group string, p driver.Partition, positions []driver.Position) error {
	return tx.write(ctx, func(t *tables) error {
		for _, position := range positions {
			t.parked.remove(group, p, position)
		}
		return nil
	})
}

// Repark implements [driver.Parking]. Reparking what is not parked is an error.
func (tx *transaction) Repark(ctx context.Context, group string, event driver.Parked) error {
	return tx.write(ctx, func(t *tables) error {
		before, ok := t.parked.get(group, event.Partition, event.Entry.Position)
		if !ok {
			return fmt.Errorf("repark %s at %s: it is not parked", event.Partition, event.Entry.Position)
		}
		event.Entry, event.EventID, event.Key, event.ParkedAt = before.Entry, before.EventID, before.Key, before.ParkedAt
		t.parked.put(group, event)
		return nil
	})
}

// AddForeign implements [driver.Parking].
func (tx *transaction) AddForeign(ctx context.Context, group string, items []driver.Foreign) error {
	return tx.write(ctx, func(t *tables) error {
		for _, item := range items {
			t.foreign = t.foreign.Set(foreignKey{name(group), t.next()}, item)
		}
		return nil
	})
}
