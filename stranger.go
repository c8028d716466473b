package headrace

import (
	"context"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// stranger is an entry found on a stream that is no event of its topic: somebody else has written to the stream. It never moves a cursor,
// because it says nothing about the journal.
type stranger struct {
	partition *partition
	entry     driver.Entry
	err       error // why it is none
}

// withoutMetadata sorts out the entries that cannot be events.
func withoutMetadata(p *partition, entries []driver.Entry) (events []driver.Entry, strangers []stranger) {
	for i, e := range entries {
		switch {
		case len(e.Meta) == 0:
			if strangers == nil {
				events = append(events, entries[:i]...)
			}
			strangers = append(strangers, stranger{p, e, errNoMetadata})
		case strangers != nil:
			events = append(events, e)
		}
	}
	if strangers == nil {
		return entries, nil
	}
	return events, strangers
}

// remove keeps the bytes of strangers and takes them off the stream, so that the events whose ids they took can be appended again.
func (w *worker) remove(ctx context.Context, met []stranger) error {
	for _, s := range met {
		p := s.partition
		if p.unsure || p.lost {
			continue // met again when the partition is read again
		}
		found := w.foreignEntry(p, s.entry, s.err)
		err := w.underFence(ctx, p, func(ctx context.Context, tx *Tx) error {
			return tx.driver.AddForeign(ctx, w.service.name, []driver.Foreign{found})
		})
		if err == nil {
			w.foundForeign(p, found)
			err = w.broker.Remove(ctx, p.id, []Position{s.entry.Position})
		}
		if err != nil {
			p.unsure = true
			return fmt.Errorf("set aside what is no event of %s: %w", p.id, err)
		}
	}
	for _, s := range met {
		s.partition.unsure, s.partition.fresh = true, true // the reader has gone past its place
	}
	return nil
}

func (w *worker) foreignEntry(p *partition, e driver.Entry, err error) driver.Foreign {
	return driver.Foreign{Partition: p.id, Position: e.Position, Data: e.Data, Reason: errorText(err), Time: w.now()}
}

func (w *worker) foundForeign(p *partition, f driver.Foreign) {
	w.service.log().Warn("an entry that is no event was set aside", "topic", f.Partition.Topic,
		"partition", f.Partition.Number, "position", f.Position.String(), "reason", f.Reason)
	w.note(p, ForeignFound, 1, nil)
}
