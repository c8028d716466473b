package headrace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

const (
	relayBatch = 1000            // outbox rows numbered by one transaction
	auditEvery = 5 * time.Second // how often the stream's tops are compared with the heads
	pollBusy   = 100 * time.Millisecond
	pollIdle   = time.Second
	pollTimer  = 10 * time.Millisecond // how soon a timer that should be due is looked at again: the database's clock decides
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
	behind   map[driver.Partition]bool // partitions whose stream lacks something that the journal has; nil: not begun
	stale    bool                      // what was numbered last is not known for sure
	audited  time.Time
	auditing trouble
	ears     driver.Subscription // hears nudges of processes that are not the relay; nil: none
	earsDue  time.Time           // when to try to listen again

	toldHeads time.Time // when heads were last told over live
}

var relaySlot = slotID{driver.RelayGroup, driver.RelayLease}

// run works until ctx ends. What was published until then is relayed with the context live, which outlasts ctx.
func (r *relay) run(ctx, live context.Context) {
	for {
		for _, c := range r.inbox.take() {
			if c.kind == adopt {
				r.lead(ctx, live, c.lease)
				r.service.heads.start(nil)
				r.deafen()
			}
		}
		select {
		case <-r.inbox.wake:
		case <-r.service.nudge:
			r.nudge(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// lead is one term of the lease. When ctx ends there is one more turn, so that what the last transactions published is relayed.
func (r *relay) lead(ctx, live context.Context, lease driver.Lease) {
	r.behind, r.auditing = nil, trouble{log: r.service.log(), what: "comparing streams with journals"}
	trouble := trouble{log: r.service.log(), what: "relay"}
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
	if r.stale {
		if err := r.readHeads(ctx); err != nil {
			return 0, err
		}
	}
	if now := r.service.clock.Now(); now.Sub(r.audited) >= auditEvery {
		r.audited = now
		_ = r.auditing.note(ctx, r.audit(ctx)) // it has a pace of its own: numbering does not wait for a broker that is down
	}
	pause, err := r.work(ctx, fence)
	r.tellHeads(ctx)
	if err != nil { // something may have been numbered all the same
		r.stale = true
		r.service.heads.start(nil)
	}
	return pause, err
}

// begin prepares a term.
func (r *relay) begin(ctx context.Context) error {
	if err := r.service.reportTops(ctx, r.broker); err != nil {
		return err
	}
	r.behind, r.stale = map[driver.Partition]bool{}, true
	return nil
}

// readHeads tells everybody in this process where the journals end.
func (r *relay) readHeads(ctx context.Context) error {
	known, err := r.service.store.Heads(ctx)
	if err != nil {
		return fmt.Errorf("read heads: %w", err)
	}
	r.service.heads.start(known)
	r.stale, r.audited = false, time.Time{}
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
		pause = min(pause, max(pollTimer, numbered.Next.Sub(r.service.clock.Now())))
	}
	return pause, nil
}

// sleep waits for something to do, and reports whether the term should end: because ctx has ended, or the lease is wanted elsewhere.
func (r *relay) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.service.nudge:
	case _, heard := <-r.listen():
		r.wasNudged(heard)
	case <-r.inbox.wake:
	case <-ctx.Done():
	}
	return ctx.Err() != nil || len(r.inbox.take()) > 0 // whatever comes in while a lease is held is about its end
}

func (r *relay) giveBack(ctx context.Context, lease driver.Lease) {
	ctx, cancel := farewellContext(ctx)
	defer cancel()
	r.lost(relaySlot)
	lease.Dirty = false // an outbox ends no process
	if err := r.service.store.Release(ctx, driver.RelayGroup, []driver.Lease{lease}); err != nil {
		r.service.log().WarnContext(ctx, "relay's lease could not be given back; it expires", "error", err)
	}
}
