package drivertest

import (
	"sync"

	"github.com/headrace/headrace"
)

func ownerPromises() []rule[*system] {
	return []rule[*system]{
		{
			"07-a-paused-process-commits-nothing",
			"promise 7: it wakes up with events in its hands that its successor has applied",
			pausedMember,
		},
		{
			"08-a-paused-relay-does-no-harm",
			"promise 8: it wakes up with numbered events in its hands, after its successor has numbered and appended later ones",
			pausedRelay,
		},
		{
			"08-a-dead-relay-loses-nothing",
			"promise 8: it dies between numbering and appending, again and again",
			deadRelay,
		},
	}
}

// pause stops a process as SIGSTOP does: from a chosen step on, every step of it waits.
type pause struct {
	mu      sync.Mutex
	at      step // where it begins, once armed
	armed   bool
	stopped chan struct{} // closed when it has begun
	resumed chan struct{}
}

func newPause(at step) *pause {
	return &pause{at: at, stopped: make(chan struct{}), resumed: make(chan struct{})}
}

func (p *pause) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = true
}

// step is for [faults].
func (p *pause) step(at step) error {
	p.mu.Lock()
	if p.armed && at == p.at {
		p.armed = false
		close(p.stopped)
	}
	p.mu.Unlock()
	select {
	case <-p.stopped:
		<-p.resumed
	default:
	}
	return nil
}

// hold starts a process that can be paused. However the case ends, the process goes on in the end.
func (s *system) hold(p *pause, parts ...part) *process {
	resume := sync.OnceFunc(func() { close(p.resumed) })
	held := s.run(faults{step: p.step}, parts...)
	s.Cleanup(resume)
	held.resume = resume
	return held
}

// awaitStopped waits until the pause has begun.
func (s *system) awaitStopped(p *pause) {
	s.Helper()
	select {
	case <-p.stopped:
	case <-s.ctx.Done():
		s.Fatalf("the process was never at %s: the fault did not bite", p.at)
	}
}

func pausedMember(s *system) {
	const many = 6
	front := s.client()
	p := newPause(atBegin)
	old := s.hold(p, s.publisher(), s.recording(s.billing))
	front.publishAll(keys(many), 1, 1)
	s.awaitRecords(s.billing, all(1, keys(many)...))
	p.arm()
	front.publishAll(keys(many), 2, 2)
	s.awaitStopped(p)
	s.elapse(3 * lease)
	s.run(faults{}, s.publisher(), s.recording(s.billing))
	s.awaitRecords(s.billing, all(2, keys(many)...))
	fenced := s.countOf(headrace.Fenced, owned)
	old.resume()
	s.await("the old owner has found out", func() bool { return s.countOf(headrace.Fenced, owned) > fenced })
	front.publishAll(keys(many), 3, 3)
	s.awaitRecords(s.billing, all(3, keys(many)...))
	s.bit(headrace.LeaseDirty)
	s.never(headrace.ParkedEvents)
}

func pausedRelay(s *system) {
	const many = 6
	p := newPause(atNumbered)
	old, client := s.hold(p, s.publisher(), s.recording(s.billing)), s.client()
	client.publishAll(keys(many), 1, 1)
	s.awaitRecords(s.billing, all(1, keys(many)...))
	p.arm()
	client.publishAll(keys(many), 2, 2)
	s.awaitStopped(p)
	s.elapse(3 * lease)
	s.run(faults{}, s.publisher(), s.recording(s.billing))
	client.publishAll(keys(many), 3, 3)
	s.await("the successor has numbered", func() bool { return published(s) == 3*many })
	fenced := s.countOf(headrace.Fenced, "")
	old.resume()
	s.await("the old relay has found out", func() bool { return s.countOf(headrace.Fenced, "") > fenced })
	client.publishAll(keys(many), 4, 4)
	s.awaitRecords(s.billing, all(4, keys(many)...))
	equal(s.world, published(s), 4*many, "events in the journal")
	s.madeUp()
	s.never(headrace.ParkedEvents, headrace.EpochRaised)
}

func deadRelay(s *system) {
	const n, many = 5, 6
	client := s.client()
	for i := range n {
		var p *process
		p = s.build(faults{step: func(at step) error {
			if at == atNumbered {
				p.die()
			}
			return nil
		}}, s.publisher(), s.recording(s.billing))
		p.start()
		s.awaitRecords(s.billing, all(i, keys(many)...)) // no event is there for three deaths
		client.publishAll(keys(many), i+1, i+1)
		<-p.ended
		s.elapse(2 * lease)
	}
	s.run(faults{}, s.publisher(), s.recording(s.billing))
	s.awaitRecords(s.billing, all(n, keys(many)...))
	equal(s.world, published(s), n*many, "events in the journal")
	s.madeUp()
	s.bit(headrace.LeaseDirty)
	s.never(headrace.EpochRaised)
}
