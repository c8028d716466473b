package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// reader is a [driver.Reader]. It follows streams through the consumer group of its name: one blocking command for all streams of a shard,
// on a connection that nothing else uses. A command that still waits when a Read is over is left waiting, and the next Read gets its answer:
// so a Read that was given up loses nothing, and an idle reader asks seldom.
type reader struct {
	broker *Broker
	group  string
	places []*place
	lanes  []*lane // by shard
	landed chan *flight

	closed  chan struct{}
	running sync.WaitGroup
	mu      sync.Mutex
	lines   map[*line]bool // those that are open
	ended   bool
}

var _ driver.Reader = (*reader)(nil)

// place is where a reader stands in a partition that it follows.
type place struct {
	partition driver.Partition
	key       string
	after     driver.Position // what was delivered; the group's own position is made from it, never the other way round
	done      driver.Position // what is pending up to here is acknowledged when the group is set; zero: it was already
	settled   bool            // the group exists and stands where we left it
	waiting   []driver.Entry  // read and not delivered yet
}

func newReader(b *Broker, group string) *reader {
	r := &reader{
		broker: b, group: group, landed: make(chan *flight), closed: make(chan struct{}), lines: map[*line]bool{},
		lanes: make([]*lane, b.layout.shards),
	}
	for i := range r.lanes {
		r.lanes[i] = &lane{}
	}
	return r
}

// Seek implements [driver.Reader]. Redis hears of it with the next Read.
func (r *reader) Seek(ctx context.Context, p driver.Partition, after driver.Position) error {
	if err := r.usable(ctx); err != nil {
		return err
	}
	r.ground(r.broker.layout.shard(p))
	at := place{partition: p, key: r.broker.layout.key(p), after: after}
	if after.After(driver.Start) {
		at.done = after
	}
	if i := r.find(p); i >= 0 {
		*r.places[i] = at
	} else {
		r.places = append(r.places, &at)
	}
	return nil
}

// Leave implements [driver.Reader]. A command that waits for the partition is ended, so that it takes nothing from the next owner.
func (r *reader) Leave(ctx context.Context, p driver.Partition) error {
	if err := r.usable(ctx); err != nil {
		return err
	}
	if i := r.find(p); i >= 0 {
		r.ground(r.broker.layout.shard(p))
		r.places = slices.Delete(r.places, i, i+1)
	}
	return nil
}

// grace is how long a Read that must not wait gives the server to answer.
const grace = 100 * time.Millisecond

// Read implements [driver.Reader]. After an error it goes on where it has got to, whatever the server thinks. A server that does not answer
// is silence first and an error later.
func (r *reader) Read(ctx context.Context, limit int, wait time.Duration) ([]driver.Batch, error) {
	if err := r.usable(ctx); err != nil || limit <= 0 {
		return nil, err
	}
	if batches := r.take(limit); len(batches) > 0 {
		return batches, nil
	}
	r.launch(limit, wait > 0)
	patience := time.NewTimer(cmp.Or(max(wait, 0), grace))
	defer patience.Stop()
	for wait > 0 || r.hurried() {
		select {
		case f := <-r.landed:
			if err := r.land(f); err != nil {
				return nil, err
			}
			if batches := r.take(limit); len(batches) > 0 {
				return batches, nil
			}
			if wait > 0 {
				r.launch(limit, true)
			}
		case <-patience.C:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-r.closed:
			return nil, driver.ErrClosed
		}
	}
	return nil, nil
}

// take returns up to limit entries that were read and moves the reader past them. Nothing more is read while any of them wait, so every
// partition gets its turn.
func (r *reader) take(limit int) []driver.Batch {
	var batches []driver.Batch
	for _, p := range r.places {
		n := min(limit, len(p.waiting))
		if n == 0 {
			continue
		}
		entries := slices.Clip(p.waiting[:n])
		p.waiting = p.waiting[n:]
		if newest := entries[n-1].Position; newest.After(p.after) {
			p.after = newest
		}
		batches = append(batches, driver.Batch{Partition: p.partition, Entries: entries})
		limit -= n
	}
	return batches
}

// Ack implements [driver.Reader].
func (r *reader) Ack(ctx context.Context, batches []driver.Batch) error {
	if err := r.usable(ctx); err != nil {
		return err
	}
	batches = slices.DeleteFunc(slices.Clone(batches), func(b driver.Batch) bool { return len(b.Entries) == 0 })
	results, err := r.broker.send(ctx, func(c rueidis.Client) []rueidis.Completed {
		var commands []rueidis.Completed
		for _, batch := range batches {
			done := make([]string, len(batch.Entries))
			for i, e := range batch.Entries {
				done[i] = e.Position.String()
			}
			commands = append(commands, c.B().Xack().Key(r.broker.layout.key(batch.Partition)).Group(r.group).Id(done...).Build())
		}
		return commands
	})
	problems := []error{err}
	for i, result := range results {
		if err := result.Error(); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", r.broker.layout.key(batches[i].Partition), err))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("redis: acknowledge: %w", err)
	}
	return nil
}

// Close implements [driver.Reader].
func (r *reader) Close() error {
	r.end()
	r.broker.forget(r)
	return nil
}

// end may be called while another goroutine reads.
func (r *reader) end() {
	r.mu.Lock()
	lines := r.lines
	if !r.ended {
		r.ended, r.lines = true, nil
		close(r.closed)
	}
	r.mu.Unlock()
	for l := range lines {
		l.hangUp()
	}
	r.running.Wait()
}

// usable returns why nothing can be done.
func (r *reader) usable(ctx context.Context) error {
	select {
	case <-r.closed:
		return driver.ErrClosed
	default:
		return r.broker.usable(ctx)
	}
}

func (r *reader) find(p driver.Partition) int {
	return slices.IndexFunc(r.places, func(at *place) bool { return at.partition == p })
}
