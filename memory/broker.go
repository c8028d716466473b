package memory

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/headrace/headrace/driver"
)

// BrokerConfig is what a broker is made of. Its zero value is ready to use.
type BrokerConfig struct {
	// Bound is how many entries of a partition are kept; then the oldest are dropped, whoever has read them. Default 1,000.
	Bound int
}

// Broker is a [driver.Broker] in this process. Everything that shares one is one system.
type Broker struct {
	bound int

	mu      sync.Mutex // guards what follows, and all readers
	streams map[driver.Partition]*stream
	closed  chan struct{}
	ended   bool
}

var _ driver.Broker = (*Broker)(nil)

// stream is the newest entries of a partition. Readers hold pieces of entries, so what stands in the slice is never overwritten.
type stream struct {
	entries   []driver.Entry
	top       driver.Position
	appended  driver.Position // the newest that came by Append
	followers map[*reader]bool
}

// NewBroker makes an empty broker.
func NewBroker(c BrokerConfig) *Broker {
	return &Broker{bound: cmp.Or(max(c.Bound, 0), 1000), streams: map[driver.Partition]*stream{}, closed: make(chan struct{})}
}

// Append implements [driver.Broker]. It wakes the readers that wait for these partitions.
func (b *Broker) Append(ctx context.Context, batches []driver.Batch) map[driver.Partition]error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		failed := map[driver.Partition]error{}
		for _, batch := range batches {
			failed[batch.Partition] = err
		}
		return failed
	}
	for _, batch := range batches {
		s := b.stream(batch.Partition)
		for _, e := range batch.Entries {
			if e.Position.After(s.top) {
				s.top, s.appended, s.entries = e.Position, e.Position, append(s.entries, e)
			}
		}
		s.entries = s.entries[max(0, len(s.entries)-b.bound):]
		s.wake()
	}
	return nil
}

// Top implements [driver.Broker]. It is [driver.Start] for a partition that never had an entry.
func (b *Broker) Top(ctx context.Context, p driver.Partition) (driver.Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		return driver.Entry{}, err
	}
	s := b.stream(p)
	if n := len(s.entries); n > 0 && s.entries[n-1].Position == s.top {
		return s.entries[n-1], nil
	}
	return driver.Entry{Position: s.top}, nil
}

// Remove implements [driver.Broker].
func (b *Broker) Remove(ctx context.Context, p driver.Partition, positions []driver.Position) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		return err
	}
	s := b.stream(p)
	s.entries = slices.DeleteFunc(slices.Clone(s.entries), func(e driver.Entry) bool { return slices.Contains(positions, e.Position) })
	if slices.Contains(positions, s.appended) {
		s.appended = driver.Start
		if n := len(s.entries); n > 0 {
			s.appended = s.entries[n-1].Position
		}
	}
	if slices.Contains(positions, s.top) {
		s.top = s.appended
	}
	return nil
}

// Bound implements [driver.Broker]. It is 0: nothing is appended again, because readers catch up from history.
func (b *Broker) Bound() int { return 0 }

// Close implements [driver.Broker]. Reads that wait end with [driver.ErrClosed].
func (b *Broker) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.ended = true
		close(b.closed)
	}
	return nil
}

// Inject puts bytes on a partition's stream that are no event, as somebody else with access to the broker could: an entry with data and
// without metadata. Its place is its position's, whatever the order in which entries came; what stood at the same position is replaced. A
// position above the top is the new top, so that Append passes over everything up to it.
func (b *Broker) Inject(p driver.Partition, position driver.Position, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stream(p)
	entry := driver.Entry{Position: position, Data: data}
	i := s.after(position)
	before := slices.Clip(s.entries[:i])
	if i > 0 && before[i-1].Position == position {
		before = slices.Clip(before[:i-1])
	}
	s.entries = append(append(before, entry), s.entries[i:]...)
	if position.After(s.top) {
		s.top = position
	}
	s.wake()
}

// Drop removes one entry of a partition, as XDEL does on Redis: the top stays known. It reports whether the entry was there.
func (b *Broker) Drop(p driver.Partition, position driver.Position) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stream(p)
	i := s.after(position)
	if i == 0 || s.entries[i-1].Position != position {
		return false
	}
	s.entries = slices.Concat(s.entries[:i-1], s.entries[i:])
	return true
}

// Flush forgets all entries and tops, as FLUSHALL does on Redis. Readers stay, each at its place.
func (b *Broker) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.streams {
		s.entries, s.top, s.appended = nil, driver.Start, driver.Start
	}
}

// usable returns why nothing can be done. The caller holds b.mu.
func (b *Broker) usable(ctx context.Context) error {
	if b.ended {
		return driver.ErrClosed
	}
	return ctx.Err()
}

// stream returns the stream of a partition, and makes it first if need be. The caller holds b.mu.
func (b *Broker) stream(p driver.Partition) *stream {
	s := b.streams[p]
	if s == nil {
		s = &stream{top: driver.Start, appended: driver.Start, followers: map[*reader]bool{}}
		b.streams[p] = s
	}
	return s
}

// after returns where the entries after a position begin.
func (s *stream) after(p driver.Position) int {
	i, found := slices.BinarySearchFunc(s.entries, p, func(e driver.Entry, p driver.Position) int { return e.Position.Compare(p) })
	if found {
		i++
	}
	return i
}

// wake tells the readers that follow the stream to look again.
func (s *stream) wake() {
	for r := range s.followers {
		select {
		case r.awake <- struct{}{}:
		default: // it has been told already
		}
	}
}
