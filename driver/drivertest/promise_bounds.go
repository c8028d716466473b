package drivertest

import (
	"context"
	"sync/atomic"

	"github.com/headrace/headrace"
)

func boundPromises() []rule[*system] {
	return []rule[*system]{
		{
			"15-a-stop-finishes-what-runs",
			"promise 15: what a handler has begun is committed, and nobody does it again",
			stopFinishes,
		},
		{
			"17-work-in-flight-is-bounded",
			"promise 17: a backlog of any size is worked off in pieces of the same size",
			boundedWork,
		},
	}
}

func stopFinishes(s *system) {
	front := s.client()
	record := s.recorder(s.billing)
	begun, finish := make(chan struct{}, 16), make(chan struct{})
	var calls atomic.Int64
	p := s.run(faults{}, s.publisher(), subscriber(s.billing, headrace.On(placed, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
		calls.Add(1)
		begun <- struct{}{}
		select {
		case <-finish:
			return record(ctx, tx, e)
		case <-ctx.Done():
			return ctx.Err()
		}
	})))
	front.publish("a", 1)
	<-begun
	p.cancel()
	<-s.briefly().Done() // the handler goes on for a while
	close(finish)
	<-p.ended
	s.must(p.err, "run")
	s.awaitRecords(s.billing, all(1, "a"))
	s.run(faults{}, s.publisher(), s.recording(s.billing))
	front.publish("a", 2)
	s.awaitRecords(s.billing, all(2, "a"))
	equal(s.world, calls.Load(), 1, "calls of the handler that was running at the stop")
	s.never(headrace.LeaseDirty, headrace.Fenced, headrace.ParkedEvents)
}

// boundedWork lets a backlog come from history and from the stream, in a process that may handle 16 events at once.
func boundedWork(s *system) {
	const n, many, batch = 40, 20, 16
	var page, bytes, read, together, most atomic.Int64
	watch := func(most *atomic.Int64, n int) {
		for old := most.Load(); int64(n) > old && !most.CompareAndSwap(old, int64(n)); old = most.Load() {
		}
	}
	f := faults{
		page: func(limit, maxBytes int) { watch(&page, limit); watch(&bytes, maxBytes) },
		read: func(limit int) { watch(&read, limit) },
		step: func(at step) error {
			if at == atBegin {
				together.Store(0)
			}
			return nil
		},
	}
	record := s.recorder(s.billing)
	part := subscriber(s.billing, headrace.On(placed, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
		watch(&most, int(together.Add(1)))
		return record(ctx, tx, e)
	}))
	part.config.Batch, part.config.Workers = batch, 1
	front := s.run(faults{}, s.publisher())
	front.publishAll(keys(many), 1, n/2)
	s.await("the backlog is numbered", func() bool { return published(s) == n/2*many })
	front.stop()
	p := s.run(f, s.publisher(), part)
	p.publishAll(keys(many), n/2+1, n)
	s.awaitRecords(s.billing, all(n, keys(many)...))
	if got := most.Load(); got > batch || got < 2 {
		s.Errorf("a transaction handled %d events: want several, and at most %d", got, batch)
	}
	if got := read.Load(); got > batch || got < 1 {
		s.Errorf("a read of the stream was for %d entries: want at most %d", got, batch)
	}
	if got := page.Load(); got > 256 {
		s.Errorf("a page of history was for %d entries: want at most 256", got)
	}
	if got := bytes.Load(); got > 1<<20 || got < 1 {
		s.Errorf("a page of history was for %d bytes: want at most 1 MiB", got)
	}
}
