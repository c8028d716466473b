package headrace

import (
	"context"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// aside is what a transaction does not apply but keeps: parked events and foreign bytes.
type aside struct {
	parked  []driver.Parked
	foreign []driver.Foreign
	upTo    int // how many items were gone through
	handled int // how many of them a handler was given
}

// count is how much was set aside of each partition.
func (s aside) count() map[driver.Partition]int {
	if len(s.parked)+len(s.foreign) == 0 {
		return nil
	}
	n := map[driver.Partition]int{}
	for _, e := range s.parked {
		n[e.Partition]++
	}
	for _, f := range s.foreign {
		n[f.Partition]++
	}
	return n
}

// keySet is a set of keys by partition.
type keySet map[driver.Partition]map[string]bool

func (s keySet) has(p driver.Partition, key string) bool { return s[p][key] }

func (s keySet) add(p driver.Partition, key string) {
	if s[p] == nil {
		s[p] = map[string]bool{}
	}
	s[p][key] = true
}

// heldKeys asks with one query which of the items' keys have parked events. Partitions known to have none are not asked about.
func (w *worker) heldKeys(ctx context.Context, tx *Tx, items []item) (keySet, error) {
	ask := map[driver.Partition][]string{}
	for _, it := range items {
		if it.partition.holding && it.kind != foreign {
			ask[it.partition.id] = append(ask[it.partition.id], it.meta.Key)
		}
	}
	held := keySet{}
	if len(ask) == 0 {
		return held, nil
	}
	answer, err := tx.driver.Held(ctx, w.service.name, ask)
	if err != nil {
		return nil, fmt.Errorf("look for held keys: %w", err)
	}
	for p, keys := range answer {
		for _, key := range keys {
			held.add(p, key)
		}
	}
	return held, nil
}

// handleAll goes through items in order: it calls handlers, and sets aside what cannot be handled or has to wait. It ends before the last of
// them when there was enough.
func (w *worker) handleAll(ctx context.Context, tx *Tx, items []item, held keySet, attempt int) (aside, error) {
	var set aside
	for started := w.now(); set.upTo < len(items); {
		if set.handled > 0 && w.enough(started) {
			break
		}
		it, n := &items[set.upTo], 1
		switch {
		case it.kind == foreign:
			set.foreign = append(set.foreign, w.foreignEntry(it.partition, it.entry, it.err))
		case it.kind == pass:
		case held.has(it.partition.id, it.meta.Key):
			waiting := it.park(driver.Waiting, true, "waits for an earlier event of its key")
			set.parked = append(set.parked, waiting)
		case it.kind == hopeless:
			dead := w.dead(it, it.reason(), it.err)
			if set.parked = append(set.parked, dead); dead.Holds {
				held.add(it.partition.id, it.meta.Key)
			}
		default:
			n = runLength(items[set.upTo:], held)
			if err := w.service.call(ctx, tx, items[set.upTo:set.upTo+n], attempt); err != nil {
				return aside{}, &failure{index: set.upTo, count: n, err: err}
			}
			set.handled += n
		}
		set.upTo += n
	}
	return set, nil
}

// dead is an item that will not be tried again by itself.
func (w *worker) dead(it *item, reason string, err error) driver.Parked {
	holds := it.handler.policy.retryFor(err).AfterDead == HoldKey
	p := it.park(driver.Dead, holds, reason)
	p.Error, p.ParkedAt, p.FailedAt = errorText(err), w.now(), w.now()
	return p
}

// putAside writes what was set aside.
func (w *worker) putAside(ctx context.Context, tx *Tx, set aside) error {
	for i := range set.parked {
		if set.parked[i].ParkedAt.IsZero() {
			set.parked[i].ParkedAt = w.now()
		}
	}
	if len(set.parked) > 0 {
		if err := tx.driver.Park(ctx, w.service.name, set.parked); err != nil {
			return fmt.Errorf("park events: %w", err)
		}
	}
	if len(set.foreign) > 0 {
		if err := tx.driver.AddForeign(ctx, w.service.name, set.foreign); err != nil {
			return fmt.Errorf("keep foreign bytes: %w", err)
		}
	}
	return nil
}

// wasPutAside takes note of what was committed.
func (w *worker) wasPutAside(set aside) {
	for _, e := range set.parked {
		p := w.partitions[e.Partition]
		p.holding = p.holding || e.Holds
		w.note(p, ParkedEvents, 1, nil)
		if e.State == driver.Dead {
			w.died(e)
		}
	}
	for _, f := range set.foreign {
		w.foundForeign(w.partitions[f.Partition], f)
	}
}

// died tells of an event that became dead.
func (w *worker) died(e driver.Parked) {
	w.service.log().Error("event is dead", "handler", e.Handler, "event", e.EventID, "key", e.Key,
		"position", e.Entry.Position.String(), "reason", e.Reason, "attempts", e.Attempts, "error", e.Error)
	w.service.signal(Signal{Kind: Died, Topic: e.Partition.Topic, Partition: e.Partition.Number, Count: 1})
}
