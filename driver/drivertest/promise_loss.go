package drivertest

import (
	"errors"
	"sync/atomic"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func lossPromises() []rule[*system] {
	return []rule[*system]{
		{
			"06-a-stream-that-keeps-nothing-loses-nothing",
			"promise 6: a broker says yes to everything and delivers none of it, not even what would show that something is missing",
			keepsNothing,
		},
		{
			"09-lost-answers-change-nothing",
			"promise 9: whoever repeats what may have been done does it twice; whoever takes it for done may lose it",
			lostAnswers,
		},
		{
			"16-after-the-last-fault-everything-is-dealt-with",
			"promise 16: whatever failed is tried again by itself; nobody has to start anything anew",
			drains,
		},
	}
}

func keepsNothing(s *system) {
	const n, many = 6, 5
	nothing := faults{append: func([]driver.Batch) []driver.Batch { return nil }}
	p := s.run(nothing, s.publisher(), s.recording(s.billing))
	for i := range n {
		p.publishAll(keys(many), i+1, i+1)
	}
	s.awaitRecords(s.billing, all(n, keys(many)...))
	s.bit(headrace.HistoryRead)
	s.never(headrace.ParkedEvents)
}

var errNoAnswer = errors.New("the answer is lost")

// losing loses the answers of some steps, each so many times. Every third is lost, so that there is something between.
func losing(budgets map[step]*budget) func(step) error {
	var passed atomic.Int64
	return func(at step) error {
		if b := budgets[at]; b != nil && passed.Add(1)%3 == 0 && b.take() {
			return errNoAnswer
		}
		return nil
	}
}

func lostAnswers(s *system) {
	const n, many = 12, 6
	budgets := map[step]*budget{}
	for _, at := range []step{atNumbered, atAppended, atReceived, atAck, atAcked} {
		budgets[at] = newBudget(4)
	}
	p := s.run(faults{step: losing(budgets)}, s.publisher(), s.recording(s.billing))
	for i := range n {
		p.publishAll(keys(many), i+1, i+1)
		s.awaitRecords(s.billing, all(i+1, keys(many)...))
	}
	s.never(headrace.ParkedEvents)
	lost := 0
	for _, b := range budgets {
		lost += b.taken()
	}
	if lost < 3 {
		s.Errorf("only %d answers were lost: the faults did not bite", lost)
	}
	equal(s.world, published(s), n*many, "events in the journal")
}

// drains has everything fail at once that can, then nothing any more, and waits no longer than a case may take.
func drains(s *system) {
	const n, many = 10, 6
	var ill atomic.Bool
	var failed atomic.Int64
	ill.Store(true)
	f := faults{step: func(at step) error {
		if !ill.Load() || at == atHeartbeat || at == atAdvance || at == atCommit || at == atCommitted { // the last three may be a handler's fault
			return nil
		}
		failed.Add(1)
		s.touch()
		return errNoAnswer
	}}
	s.run(f, s.publisher(), s.recording(s.billing))
	front := s.client()
	front.publishAll(keys(many), 1, n)
	s.await("much has failed", func() bool { return failed.Load() > 20 })
	equal(s.world, s.count(headrace.Applied), 0, "events applied meanwhile")
	ill.Store(false)
	front.publishAll(keys(many), n+1, n+1)
	s.awaitRecords(s.billing, all(n+1, keys(many)...))
	s.never(headrace.ParkedEvents)
}
