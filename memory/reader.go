package memory

import (
	"context"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// reader is a [driver.Reader]. What a group has read is known to its readers alone, so it does not need to know its group.
type reader struct {
	broker *Broker
	awake  chan struct{} // says that there may be something new
	closed chan struct{}

	// Guarded by broker.mu:
	places []place
	turn   int // which of the places is looked at first by the next Read
	ended  bool
}

var _ driver.Reader = (*reader)(nil)

// place is where a reader stands in a partition that it follows.
type place struct {
	partition driver.Partition
	stream    *stream
	after     driver.Position
}

// Reader implements [driver.Broker].
func (b *Broker) Reader(ctx context.Context, _ string) (driver.Reader, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		return nil, err
	}
	return &reader{broker: b, awake: make(chan struct{}, 1), closed: make(chan struct{})}, nil
}

// Seek implements [driver.Reader]. If what follows the position was dropped, the reader goes on with the oldest entry there is.
func (r *reader) Seek(ctx context.Context, p driver.Partition, after driver.Position) error {
	r.broker.mu.Lock()
	defer r.broker.mu.Unlock()
	if err := r.usable(ctx); err != nil {
		return err
	}
	if i := r.find(p); i >= 0 {
		r.places[i].after = after
		return nil
	}
	s := r.broker.stream(p)
	s.followers[r] = true
	r.places = append(r.places, place{p, s, after})
	return nil
}

// Leave implements [driver.Reader].
func (r *reader) Leave(ctx context.Context, p driver.Partition) error {
	r.broker.mu.Lock()
	defer r.broker.mu.Unlock()
	if err := r.usable(ctx); err != nil {
		return err
	}
	if i := r.find(p); i >= 0 {
		delete(r.places[i].stream.followers, r)
		r.places = slices.Delete(r.places, i, i+1)
	}
	return nil
}

// Read implements [driver.Reader]. When a partition has more than max, the next Read looks at the others first.
func (r *reader) Read(ctx context.Context, limit int, wait time.Duration) ([]driver.Batch, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		batches, err := r.take(ctx, limit)
		if err != nil || len(batches) > 0 {
			return batches, err
		}
		select {
		case <-r.awake:
		case <-timer.C:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-r.closed:
			return nil, driver.ErrClosed
		case <-r.broker.closed:
			return nil, driver.ErrClosed
		}
	}
}

// take returns up to limit entries that are there now and moves the reader past them.
func (r *reader) take(ctx context.Context, limit int) ([]driver.Batch, error) {
	r.broker.mu.Lock()
	defer r.broker.mu.Unlock()
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	var batches []driver.Batch
	first := r.turn
	for i := range r.places {
		if limit <= 0 {
			break
		}
		at := (first + i) % len(r.places)
		entries := r.places[at].take(limit)
		if len(entries) == 0 {
			continue
		}
		batches = append(batches, driver.Batch{Partition: r.places[at].partition, Entries: entries})
		limit -= len(entries)
		r.turn = at + 1
	}
	return batches, nil
}

func (p *place) take(limit int) []driver.Entry {
	entries := p.stream.entries[p.stream.after(p.after):]
	entries = slices.Clip(entries[:min(len(entries), limit)])
	if n := len(entries); n > 0 {
		p.after = entries[n-1].Position
	}
	return entries
}

// Ack implements [driver.Reader]. It does nothing: nobody looks at a broker in memory.
func (r *reader) Ack(ctx context.Context, _ []driver.Batch) error {
	r.broker.mu.Lock()
	defer r.broker.mu.Unlock()
	return r.usable(ctx)
}

// Close implements [driver.Reader].
func (r *reader) Close() error {
	r.broker.mu.Lock()
	defer r.broker.mu.Unlock()
	if r.ended {
		return nil
	}
	r.ended = true
	close(r.closed)
	for _, p := range r.places {
		delete(p.stream.followers, r)
	}
	return nil
}

// usable returns why nothing can be done. The caller holds broker.mu.
func (r *reader) usable(ctx context.Context) error {
	if r.ended {
		return driver.ErrClosed
	}
	return r.broker.usable(ctx)
}

func (r *reader) find(p driver.Partition) int {
	return slices.IndexFunc(r.places, func(at place) bool { return at.partition == p })
}
