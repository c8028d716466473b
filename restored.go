package headrace

import (
	"context"
	"errors"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// A position that was really seen and is ahead of its journal is the proof that the journal was restored to an older state. What follows
// looks for such proofs before anything is numbered; history meets the others.

// reportCursors tells the owners in this process how far the group has come, before any of them numbers another event: a cursor ahead of a
// journal proves that the journal was restored to an older state. Owners elsewhere hear of it when the group looks at their heads.
func (s *Service) reportCursors(ctx context.Context, h *history) error {
	var ids []driver.Partition
	for _, t := range s.follows {
		ids = append(ids, t.all()...)
	}
	if len(ids) == 0 {
		return nil
	}
	leases, err := s.store.Cursors(ctx, s.name, ids)
	if err != nil {
		return err
	}
	headOf := h.look(ctx, 0)
	for _, l := range leases {
		head, err := headOf(l.Partition)
		if err == nil && l.Cursor.After(head.Position) {
			err = h.report(ctx, l.Partition, l.Cursor)
		}
		if err != nil && !errors.Is(err, errNoHistory) {
			return err
		}
	}
	return nil
}

// reportTops compares the streams of the service's topics with their journals. Tops are read before heads, because a head read first could
// be old by the time the top is read.
func (s *Service) reportTops(ctx context.Context, b driver.Broker) error {
	var partitions []driver.Partition
	for _, t := range s.owns {
		partitions = append(partitions, t.all()...)
	}
	tops, err := readTops(ctx, b, partitions)
	if err != nil {
		return err
	}
	known, err := s.store.Heads(ctx)
	if err != nil {
		return fmt.Errorf("read heads: %w", err)
	}
	for p, top := range tops {
		if _, err := DecodeMetadata(p, top); err != nil || !top.Position.After(known[p]) {
			continue // nothing, nothing of ours, or nothing that proves anything
		}
		if err := s.raiseEpoch(ctx, p, top.Position); err != nil {
			return err
		}
	}
	return nil
}

// raiseEpoch begins a new epoch if a position that was really seen is ahead of the journal.
func (s *Service) raiseEpoch(ctx context.Context, p driver.Partition, seen Position) error {
	head, raised, err := s.store.RaiseEpoch(ctx, p, seen)
	if err != nil {
		return fmt.Errorf("raise epoch of %s: %w", p, err)
	}
	if raised {
		s.heads.raise(p, head)
		s.log().ErrorContext(ctx, "journal was restored to an older state: events after its head had been published and are gone; a new epoch begins",
			"topic", p.Topic, "partition", p.Number, "seen", seen.String(), "head", head.String())
		s.signal(Signal{Kind: EpochRaised, Topic: p.Topic, Partition: p.Number, Count: 1})
	}
	return nil
}
