package memory

import (
	"context"
	"fmt"
	"slices"

	"github.com/headrace/headrace/driver"
)

// journal is one partition's journal. The entries' numbers are dense, from floor to head. Slices may be shared between versions: they are
// appended to by one writer at a time, beyond the end of every version that anybody can see.
type journal struct {
	entries []driver.Entry
	floor   driver.Position // the last trimmed
	head    driver.Position // the last numbered; in a new epoch without an entry yet, the number at which it began
	epochs  []driver.Epoch
}

// journal returns a partition's journal, or an empty one.
func (t *tables) journal(p driver.Partition) journal {
	if j, ok := t.journals.Get(p); ok {
		return j
	}
	return journal{floor: driver.Start, head: driver.Start}
}

// after returns where in the entries those after a position begin.
func (j journal) after(p driver.Position) int {
	i, found := slices.BinarySearchFunc(j.entries, p, func(e driver.Entry, p driver.Position) int { return e.Position.Compare(p) })
	if found {
		i++
	}
	return i
}

// page returns at most limit entries after a position, and no more than maxBytes unless the first alone is larger.
func (j journal) page(after driver.Position, limit, maxBytes int) []driver.Entry {
	rest := j.entries[j.after(after):]
	rest = rest[:min(len(rest), max(limit, 0))]
	size := 0
	for i, e := range rest {
		size += len(e.Meta) + len(e.Data)
		if i > 0 && size > maxBytes {
			return rest[:i:i]
		}
	}
	return slices.Clip(rest)
}

// ReadJournal implements [driver.Journal]. The page has its head, floor and epochs even when the error is [driver.ErrTrimmed].
func (s *Store) ReadJournal(ctx context.Context, p driver.Partition, after driver.Position, limit, maxBytes int) (driver.Page, error) {
	t, err := s.snapshot(ctx)
	if err != nil {
		return driver.Page{}, err
	}
	j := t.journal(p)
	page := driver.Page{Head: j.head, Floor: j.floor, Epochs: slices.Clone(j.epochs)}
	if j.floor != driver.Start && j.floor.After(after) {
		return page, fmt.Errorf("read journal %s after %s: %w: its floor is %s", p, after, driver.ErrTrimmed, j.floor)
	}
	page.Entries = j.page(after, limit, maxBytes)
	return page, nil
}

// Heads implements [driver.Journal].
func (s *Store) Heads(ctx context.Context) (map[driver.Partition]driver.Position, error) {
	t, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	heads := make(map[driver.Partition]driver.Position, t.journals.Len())
	for p, j := range t.journals.All() {
		heads[p] = j.head
	}
	return heads, nil
}

// TrimJournal implements [driver.Journal].
func (s *Store) TrimJournal(ctx context.Context, p driver.Partition, upTo driver.Position) (int, error) {
	trimmed := 0
	err := s.update(ctx, func(t *tables) error {
		j := t.journal(p)
		if trimmed = j.after(upTo); trimmed == 0 {
			return nil
		}
		j.floor = j.entries[trimmed-1].Position
		j.entries = slices.Clone(j.entries[trimmed:]) // so that the others can be collected
		t.journals = t.journals.Set(p, j)
		return nil
	})
	return trimmed, err
}

// RaiseEpoch implements [driver.Relay].
func (s *Store) RaiseEpoch(ctx context.Context, p driver.Partition, seen driver.Position) (driver.Position, bool, error) {
	var head driver.Position
	raised := false
	err := s.update(ctx, func(t *tables) error {
		j := t.journal(p)
		if raised = seen.After(j.head); raised {
			epoch := driver.Epoch{Number: max(seen.Epoch, j.head.Epoch) + 1, Base: j.head.Seq}
			j.epochs = append(slices.Clip(j.epochs), epoch)
			j.head.Epoch = epoch.Number
			t.journals = t.journals.Set(p, j)
		}
		head = j.head
		return nil
	})
	return head, raised, err
}

// number moves up to limit messages from the outbox into the journals, oldest first.
func (t *tables) number(limit int) []driver.Batch {
	messages := map[driver.Partition][]driver.Message{}
	for id, row := range t.outbox.All() {
		if limit--; limit < 0 {
			break
		}
		messages[row.message.Partition] = append(messages[row.message.Partition], row.message)
		t.outbox = t.outbox.Delete(id)
	}
	batches := make([]driver.Batch, 0, len(messages))
	for p, list := range messages {
		batches = append(batches, driver.Batch{Partition: p, Entries: t.append(p, list)})
	}
	slices.SortFunc(batches, func(a, b driver.Batch) int { return a.Partition.Compare(b.Partition) })
	return batches
}

// append puts messages at the end of a partition's journal and returns their entries.
func (t *tables) append(p driver.Partition, messages []driver.Message) []driver.Entry {
	j := t.journal(p)
	entries := make([]driver.Entry, len(messages))
	for i, m := range messages {
		j.head = j.head.Next()
		entries[i] = driver.Entry{Position: j.head, Meta: m.Meta, Data: m.Data}
	}
	j.entries = append(j.entries, entries...)
	t.journals = t.journals.Set(p, j)
	return entries
}
