package headrace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// worker applies events of the partitions it holds. It is one goroutine: reading, applying and running parked events again never race.
type worker struct {
	service *Service
	broker  driver.Broker
	history *history
	solo    *solitude
	inbox   *inbox
	forget  func(slotID)

	stopping   <-chan struct{} // closed when the process stops
	reader     driver.Reader
	partitions map[driver.Partition]*partition
	parkedDue  time.Time // when to look for parked events next
	routine    bool      // and nothing is known to be due then: it is only time to look again
	checked    time.Time // when cursors were last compared with heads
	topsRead   time.Time // when they were last compared with the stream's tops, in place of heads that nobody knows
	served     bool      // history has served this turn: another page need not wait for a stream that fails
	ordered    []*partition
}

const (
	idleWait    = 500 * time.Millisecond // how long one read of an idle stream waits
	parkedCheck = 2 * time.Second        // how often parked events are looked for at least: a redrive elsewhere makes them due
	parkedAgain = 10 * time.Millisecond  // and at most: whether one is due, the database's clock decides
	parkedBatch = 64                     // how many due parked events one look returns
)

func newWorker(s *Service, b driver.Broker, h *history, solo *solitude, forget func(slotID)) *worker {
	return &worker{
		service: s, broker: b, history: h, solo: solo, inbox: newInbox(), forget: forget,
		partitions: map[driver.Partition]*partition{},
	}
}

// run works until ctx ends, then finishes what it has begun and gives its leases back. The context live outlasts ctx.
func (w *worker) run(ctx, live context.Context) {
	w.stopping = ctx.Done()
	trouble := trouble{log: w.service.log(), what: "worker"}
	for ctx.Err() == nil {
		err := w.turn(ctx, live)
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			break
		}
		if pause := trouble.note(live, err); !w.served {
			_ = wait(ctx, pause) // the end of ctx is noticed above
		}
	}
	w.stop(live)
}

// turn is one round: changes of leases first, then parked events that are due, then what history has, then the stream.
func (w *worker) turn(ctx, live context.Context) error {
	w.served = false
	if err := w.takeChanges(live); err != nil {
		return err
	}
	if len(w.partitions) == 0 {
		select {
		case <-w.inbox.wake:
			w.inbox.kick()
		case <-ctx.Done():
		}
		return nil
	}
	if err := w.settle(live); err != nil {
		return err
	}
	if err := w.runParked(ctx, live); err != nil {
		return err
	}
	busy, err := w.readBehind(live)
	if err != nil {
		return err
	}
	return w.readTail(ctx, live, busy)
}

// readTail reads the stream once and applies what came.
func (w *worker) readTail(ctx, live context.Context, busy bool) error {
	if w.checked.IsZero() {
		w.checkFresh(live)
	}
	batches, err := w.read(ctx, w.patience(busy))
	if err != nil {
		w.checkHeads(live, true)
		return err
	}
	var items []item
	var met []stranger
	for _, b := range batches {
		p := w.partitions[b.Partition]
		if p == nil || p.behind || !p.readable(w.now()) {
			continue // it is read again from its cursor when its time comes
		}
		more, strangers := w.accept(p, b.Entries)
		items, met = append(items, more...), append(met, strangers...)
	}
	if len(items) > 0 {
		err = w.apply(live, items)
	}
	if err == nil && len(met) > 0 {
		err = w.remove(live, met)
	}
	w.acknowledge(live, batches)
	w.checkHeads(live, len(batches) == 0)
	return err
}

// accept makes items of what the stream has for a partition, and finds what is not the topic's.
func (w *worker) accept(p *partition, entries []driver.Entry) ([]item, []stranger) {
	entries, strangers := withoutMetadata(p, entries)
	r := readStream(p.cursor(), entries)
	w.note(p, Duplicate, r.duplicates, nil)
	items := make([]item, 0, len(r.apply))
	for _, e := range r.apply {
		it := w.service.read(p, e)
		if it.kind == foreign { // the event whose place it took comes from history
			r.gap, r.beyond = true, e
			break
		}
		items = append(items, it)
	}
	if r.gap {
		p.behind = true
		w.note(p, Gap, 1, nil)
		if _, err := DecodeMetadata(p.id, r.beyond); err != nil {
			strangers = append(strangers, stranger{p, r.beyond, err})
		} else if r.beyond.Position.After(p.ahead) {
			p.ahead = r.beyond.Position
		}
	}
	return items, strangers
}

// acknowledge tells the broker what lies at or below the cursors.
func (w *worker) acknowledge(ctx context.Context, batches []driver.Batch) {
	var done []driver.Batch
	for _, b := range batches {
		p := w.partitions[b.Partition]
		if p == nil || p.lost || p.unsure {
			continue
		}
		n := 0
		for n < len(b.Entries) && !b.Entries[n].Position.After(p.cursor()) {
			n++
		}
		if n > 0 {
			done = append(done, driver.Batch{Partition: b.Partition, Entries: b.Entries[:n]})
		}
	}
	if len(done) == 0 {
		return
	}
	if err := w.reader.Ack(ctx, done); err != nil {
		w.service.log().DebugContext(ctx, "entries could not be acknowledged; the cursor counts", "error", err)
	}
}

// patience is how long the next read may wait.
func (w *worker) patience(busy bool) time.Duration {
	now := w.now()
	if busy || w.checked.IsZero() {
		return 0
	}
	patience := min(idleWait, w.parkedDue.Sub(now))
	for _, p := range w.partitions {
		if !p.stalled && (p.behind || p.unsure) {
			patience = min(patience, p.resume.Sub(now))
		}
	}
	return max(patience, 0)
}

// takeChanges adopts, hands over and drops partitions.
func (w *worker) takeChanges(ctx context.Context) error {
	select {
	case <-w.inbox.wake:
		w.parkedDue, w.routine = w.now(), false // whoever wakes a worker may have made parked events due
	default:
		return nil
	}
	var given []driver.Lease
	for _, c := range w.inbox.take() {
		p := w.partitions[c.slot.partition]
		switch {
		case c.kind == adopt:
			w.adopt(c.lease)
		case p != nil && c.kind == handOver:
			given = append(given, p.back())
		case p != nil && c.kind == drop && !p.lost:
			p.lost = true
			w.note(p, Fenced, 1, nil)
		}
	}
	return w.release(ctx, given)
}

func (w *worker) adopt(l driver.Lease) {
	p := &partition{id: l.Partition, lease: l, unsure: true, fresh: true, seenAt: w.now(), holding: true}
	if l.Dirty {
		p.careful = l.Cursor.Seq + uint64(w.service.config.Batch)
	}
	if l.Tries > 0 { // somebody stopped in the middle of trying
		p.careful = max(p.careful, l.Trying.Seq)
	}
	w.partitions[l.Partition] = p
	w.ordered = nil
	w.checked = time.Time{}
}

// release gives leases back in an orderly way. What cannot be given back stays here: it is asked for again.
func (w *worker) release(ctx context.Context, leases []driver.Lease) error {
	if len(leases) == 0 {
		return nil
	}
	if err := w.service.store.Release(ctx, w.service.name, leases); err != nil {
		return fmt.Errorf("give leases back: %w", err)
	}
	for _, l := range leases {
		if p := w.partitions[l.Partition]; p != nil {
			w.leave(ctx, p)
		}
	}
	return nil
}

// leave ends the work on a partition.
func (w *worker) leave(ctx context.Context, p *partition) {
	delete(w.partitions, p.id)
	w.ordered = nil
	w.forget(slotID{w.service.name, p.id})
	w.unfollow(ctx, p)
}

// stop gives everything back. What cannot be given back now, the member tries once more.
func (w *worker) stop(ctx context.Context) {
	ctx, cancel := farewellContext(ctx)
	defer cancel()
	var leases []driver.Lease
	for _, p := range w.held() {
		leases = append(leases, p.back())
		p.followed = false // the reader is closed as a whole
	}
	if err := w.release(ctx, leases); err != nil {
		w.service.log().WarnContext(ctx, "leases are not given back yet", "error", err)
	}
	w.closeReader()
}

// held is the worker's partitions in order.
func (w *worker) held() []*partition {
	if w.ordered == nil {
		w.ordered = slices.SortedFunc(maps.Values(w.partitions), func(a, b *partition) int { return a.id.Compare(b.id) })
	}
	return w.ordered
}

func (w *worker) now() time.Time { return w.service.clock.Now() }

func (w *worker) note(p *partition, k SignalKind, count int, err error) {
	w.service.signal(Signal{Kind: k, Topic: p.id.Topic, Partition: p.id.Number, Count: count, Err: err})
}
