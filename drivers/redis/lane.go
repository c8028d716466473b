package redis

import (
	"fmt"

	"github.com/headrace/headrace/driver"
)

// lane is what a reader has of a shard: a line to it, and the one command that is on its way there.
type lane struct {
	line   *line   // nil: not connected
	flight *flight // nil: nothing is on its way
	busy   int     // how many streams had something the last time
}

// launch sends a reading command along every lane that is free. A reader that is being ended launches nothing.
func (r *reader) launch(limit int, blocking bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for shard, l := range r.lanes {
		asks := r.asks(shard)
		if r.ended || l.flight != nil || len(asks) == 0 {
			continue
		}
		if l.line == nil {
			l.line = newLine()
			r.lines[l.line] = true
		}
		f := &flight{
			lane: l, line: l.line, group: r.group, asks: asks, count: max(1, limit/max(1, l.busy)), blocking: blocking,
			timeout: r.broker.timeout,
		}
		l.flight = f
		r.running.Go(func() {
			f.err = f.fly(r.broker)
			select {
			case r.landed <- f:
			case <-f.line.gone.Done():
			}
		})
	}
}

func (r *reader) asks(shard int) []ask {
	var asks []ask
	for _, p := range r.places {
		if r.broker.layout.shard(p.partition) == shard {
			asks = append(asks, ask{place: p, key: p.key, after: p.after, done: p.done, settled: p.settled})
		}
	}
	return asks
}

// hurried reports whether an answer is on its way that does not wait for entries.
func (r *reader) hurried() bool {
	for _, l := range r.lanes {
		if l.flight != nil && !l.flight.blocking {
			return true
		}
	}
	return false
}

// land takes what a flight brought.
func (r *reader) land(f *flight) error {
	l := f.lane
	if l.flight != f {
		return nil // it was given up
	}
	l.flight = nil
	for i := range f.asks {
		a := &f.asks[i]
		if !a.settled && (a.ready || a.err != nil) {
			r.broker.troubles.note(a.key, a.err)
		}
		if a.ready {
			a.place.settled, a.place.done = true, driver.Position{}
		}
	}
	if f.err != nil {
		r.hangUp(l)
		return fmt.Errorf("redis: read streams of group %s: %w", r.group, f.err)
	}
	l.busy = 0
	for i := range f.asks {
		if a := &f.asks[i]; len(a.entries) > 0 {
			a.place.waiting = a.entries
			l.busy++
		}
	}
	return nil
}

// ground ends the command that is on its way along a lane: it must not take what the reader is not to have.
func (r *reader) ground(shard int) {
	if l := r.lanes[shard]; l.flight != nil {
		l.flight = nil
		r.hangUp(l)
	}
}

// hangUp closes a lane's line. What was on its way may be lost, so the groups of its streams have to be set again.
func (r *reader) hangUp(l *lane) {
	l.line.hangUp()
	r.mu.Lock()
	delete(r.lines, l.line)
	r.mu.Unlock()
	l.line = nil
	for _, p := range r.places {
		if r.lanes[r.broker.layout.shard(p.partition)] == l {
			p.settled = false
		}
	}
}
