package headrace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/headrace/headrace/driver"
)

// append offers batches to the broker, except of partitions whose stream lacks something before them.
func (r *relay) append(ctx context.Context, batches []driver.Batch) {
	ready := batches
	if len(r.behind) > 0 {
		ready = nil
		for _, b := range batches {
			if !r.behind[b.Partition] {
				ready = append(ready, b)
			}
		}
	}
	if len(ready) > 0 {
		for p, err := range r.broker.Append(ctx, ready) {
			r.fellBehind(ctx, p, err)
		}
	}
	for p := range maps.Clone(r.behind) {
		if err := r.refill(ctx, p); err != nil {
			return // the broker is down, or this partition of it: the next turn begins with any of them
		}
		delete(r.behind, p)
	}
}

func (r *relay) fellBehind(ctx context.Context, p driver.Partition, err error) {
	r.behind[p] = true
	r.service.signal(Signal{Kind: AppendFailed, Topic: p.Topic, Partition: p.Number, Count: 1, Err: err})
	r.service.log().WarnContext(ctx, "broker did not take events; they are appended again from the journal",
		"topic", p.Topic, "partition", p.Number, "error", err)
}

// audit compares the streams with the journals. It matters only for brokers that are filled again; for others history serves.
func (r *relay) audit(ctx context.Context) error {
	if r.broker.Bound() == 0 {
		return nil
	}
	known, err := r.service.store.Heads(ctx)
	if err != nil {
		return fmt.Errorf("read heads: %w", err)
	}
	tops, err := readTops(ctx, r.broker, slices.Collect(maps.Keys(known)))
	if err != nil {
		return err
	}
	for p, head := range known {
		switch top := tops[p]; {
		case head.After(top.Position):
			r.behind[p] = true
		case top.Position.After(head) && len(top.Meta)+len(top.Data) == 0: // somebody raised it: every event is refused, and no reader can find out why
			if err := r.broker.Remove(ctx, p, []Position{top.Position}); err != nil {
				return fmt.Errorf("set back the top of %s: %w", p, err)
			}
			r.behind[p] = true
		}
	}
	return nil
}

// readTops asks for the tops of many partitions, at once where the broker can do that.
func readTops(ctx context.Context, b driver.Broker, partitions []driver.Partition) (map[driver.Partition]driver.Entry, error) {
	if many, ok := b.(driver.TopsReader); ok && len(partitions) > 0 {
		return many.Tops(ctx, partitions)
	}
	tops := make(map[driver.Partition]driver.Entry, len(partitions))
	for _, p := range partitions {
		top, err := b.Top(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("top of %s: %w", p, err)
		}
		tops[p] = top
	}
	return tops, nil
}

// refill appends what a stream lacks, at most what the broker keeps.
func (r *relay) refill(ctx context.Context, p driver.Partition) error {
	bound := uint64(r.broker.Bound())
	if bound == 0 {
		return nil
	}
	top, err := r.broker.Top(ctx, p)
	if err != nil {
		return err
	}
	page, err := r.service.store.ReadJournal(ctx, p, top.Position, 0, 0)
	if err != nil && !errors.Is(err, driver.ErrTrimmed) {
		return err
	}
	from, head := top.Position, page.Head
	if oldest := oldestKept(page, bound); oldest.After(from) {
		from = oldest
	}
	for head.After(from) {
		if page, err = r.service.store.ReadJournal(ctx, p, from, pageEntries, pageBytes); err != nil || len(page.Entries) == 0 {
			return err
		}
		if failed := r.broker.Append(ctx, []driver.Batch{{Partition: p, Entries: page.Entries}}); len(failed) > 0 {
			return failed[p]
		}
		from = page.Entries[len(page.Entries)-1].Position
		r.service.signal(Signal{Kind: Reappended, Topic: p.Topic, Partition: p.Number, Count: len(page.Entries)})
	}
	return nil
}

// oldestKept is the position after which a stream of bound entries begins, if the journal still has that much.
func oldestKept(page driver.Page, bound uint64) Position {
	oldest := Position{Epoch: driver.Start.Epoch, Seq: max(page.Floor.Seq, page.Head.Seq-min(bound, page.Head.Seq))}
	for _, e := range page.Epochs {
		if e.Base < oldest.Seq {
			oldest.Epoch = e.Number
		}
	}
	return oldest
}
