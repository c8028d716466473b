package headrace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/headrace/headrace/driver"
)

const (
	relayBatch = 1000            // outbox rows numbered by one transaction
	auditEvery = 5 * time.Second // how often the stream's tops are compared with the heads
	pollBusy   = 100 * time.Millisecond
	pollIdle   = time.Second
)

// relay numbers what the service has published and appends it to the broker, while this member holds the lease for it. It is one
// goroutine.
type relay struct {
	service *Service
	broker  driver.Broker
	live    driver.Live
	inbox   *inbox
	lost    func(slotID)

	// of the current term
	behind  map[driver.Partition]bool // partitions whose stream lacks something that the journal has; nil: not begun
	audited time.Time
}

var relaySlot = slotID{driver.RelayGroup, driver.RelayLease}

// run works until ctx ends. What was published until then is relayed with the context live, which outlasts ctx.
func (r *relay) run(ctx, live context.Context) {
	for {
		for _, c := range r.inbox.take() {
			if c.kind == adopt {
				r.lead(ctx, live, c.lease)
				r.service.heads.start(nil)
			}
		}
		select {
		case <-r.inbox.wake:
		case <-ctx.Done():
			return
		}
	}
}

// lead is one term of the lease. When ctx ends there is one more turn, so that what the last transactions published is relayed.
func (r *relay) lead(ctx, live context.Context, lease driver.Lease) {
	trouble := trouble{log: r.service.log(), what: "relay"}
	r.behind, r.audited = nil, time.Time{}
	for last := false; ; {
		pause, err := r.turn(live, lease.Fence)
		if errors.Is(err, driver.ErrFenced) {
			r.service.signal(Signal{Kind: Fenced, Count: 1, Err: err})
			r.lost(relaySlot)
			return
		}
		if last {
			r.giveBack(live, lease)
			return
		}
		pause = max(pause, trouble.note(live, err))
		last = r.sleep(ctx, pause)
	}
}

func (r *relay) turn(ctx context.Context, fence uint64) (time.Duration, error) {
	if r.behind == nil {
		if err := r.begin(ctx); err != nil {
			return 0, err
		}
	}
	if now := r.service.clock.Now(); now.Sub(r.audited) >= auditEvery {
		if err := r.audit(ctx); err != nil {
			return 0, err
		}
		r.audited = now
	}
	return r.work(ctx, fence)
}

// begin prepares a term: tops are read before heads, because a head read first could be old by the time the top is read.
func (r *relay) begin(ctx context.Context) error {
	for _, t := range r.service.owns {
		for _, p := range t.all() {
			top, err := r.broker.Top(ctx, p)
			if err != nil {
				return fmt.Errorf("top of %s: %w", p, err)
			}
			if _, err := DecodeMetadata(p, top); err != nil {
				continue // nothing there, or nothing of ours
			}
			if err := r.service.raiseEpoch(ctx, p, top.Position); err != nil {
				return err
			}
		}
	}
	known, err := r.service.store.Heads(ctx)
	if err != nil {
		return fmt.Errorf("read heads: %w", err)
	}
	r.service.heads.start(known)
	r.behind = map[driver.Partition]bool{}
	return nil
}

// work numbers one batch and appends it. It returns how long there will be nothing to do.
func (r *relay) work(ctx context.Context, fence uint64) (time.Duration, error) {
	numbered, err := r.service.store.Number(ctx, fence, relayBatch)
	if err != nil {
		return 0, fmt.Errorf("number outbox: %w", err)
	}
	r.append(ctx, numbered.Batches)
	r.service.heads.move(numbered.Batches)
	r.tellLive(ctx, numbered.Batches)
	for _, b := range numbered.Batches {
		r.service.signal(Signal{Kind: Relayed, Topic: b.Partition.Topic, Partition: b.Partition.Number, Count: len(b.Entries)})
	}
	pause := pollIdle
	if len(numbered.Batches) > 0 {
		pause = pollBusy
	}
	if numbered.More {
		pause = 0
	}
	if !numbered.Next.IsZero() {
		pause = min(pause, max(0, numbered.Next.Sub(r.service.clock.Now())))
	}
	return pause, nil
}

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
		if err := r.catchUp(ctx, p); err == nil {
			delete(r.behind, p)
		}
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
	for p, head := range known {
		top, err := r.broker.Top(ctx, p)
		if err != nil {
			return fmt.Errorf("top of %s: %w", p, err)
		}
		if head.After(top.Position) {
			r.behind[p] = true
		}
	}
	r.append(ctx, nil)
	return nil
}

// catchUp appends what a stream lacks, at most what the broker keeps.
func (r *relay) catchUp(ctx context.Context, p driver.Partition) error {
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
	from := top.Position
	if oldest := max(page.Floor.Seq, page.Head.Seq-min(bound, page.Head.Seq)); from.Seq < oldest {
		from = Position{Epoch: page.Head.Epoch, Seq: oldest}
	}
	for from.Seq < page.Head.Seq {
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

// sleep waits for something to do, and reports whether the term should end: because ctx has ended, or the lease is wanted elsewhere.
func (r *relay) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.service.nudge:
	case <-r.inbox.wake:
	case <-ctx.Done():
	}
	return ctx.Err() != nil || len(r.inbox.take()) > 0 // whatever comes in while a lease is held is about its end
}

func (r *relay) giveBack(ctx context.Context, lease driver.Lease) {
	r.lost(relaySlot)
	if err := r.service.store.Release(ctx, driver.RelayGroup, []driver.Lease{lease}); err != nil {
		r.service.log().WarnContext(ctx, "relay's lease could not be given back; it expires", "error", err)
	}
}
