package drivertest

import (
	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func historyRules() []rule[*system] {
	return []rule[*system]{
		{
			"07-a-restored-journal-begins-a-new-epoch",
			"rule 7: numbers that were used before the restore must not mean other events after it",
			restoredJournal,
		},
		{
			"10-a-reader-below-the-floor-stands-still",
			"rule 10: what was trimmed is gone; who goes on behind it has lost events without a word",
			belowTheFloor,
		},
		{
			"13-what-is-not-filled-again-comes-from-history",
			"rule 13: where filling a stream again would drive out another, groups have to do without it",
			notFilledAgain,
		},
		{
			"14-a-broker-that-forgot-everything-is-no-loss",
			"rule 14: groups catch up from history, and nothing is applied twice",
			freshBroker,
		},
	}
}

// restoredJournal gives the shop an older state of its database: what was published later is gone, though others have seen it.
func restoredJournal(s *system) {
	p := s.run(faults{}, s.publisher(), s.recording(s.billing))
	p.publish("a", 1, 2, 3, 4, 5)
	s.awaitRecords(s.billing, all(5, "a"))
	p.stop()

	s.never(headrace.EpochRaised)
	broker := s.broker
	s.shop, s.broker = s.site("shop"), s.fresh()
	p = s.run(faults{}, s.publisher())
	p.publish("a", 1, 2) // the older state: the first two
	s.await("the older state is there", func() bool { return published(s) == 2 })
	p.stop()
	s.broker = broker
	s.forget()

	p = s.run(faults{}, s.publisher(), s.recording(s.billing))
	p.publish("a", 6, 7)
	s.awaitRecords(s.billing, all(7, "a"))
	s.bit(headrace.EpochRaised)
	equal(s.world, s.count(headrace.LostFuture), 3, "events applied that the restored journal does not have")
	heads, err := s.shop.store.Heads(s.ctx)
	s.must(err, "heads")
	head := heads[driver.Partition{Topic: owned, Number: orderTopic.Partition("a")}]
	equal(s.world, head.Seq, 4, "seq of the head")
	if head.Epoch < 2 {
		s.Errorf("head is %s: want a later epoch", head)
	}
}

// belowTheFloor trims what a group has not read, while the broker does not have it either.
func belowTheFloor(s *system) {
	front := s.run(faults{append: forgetting(1 << 30)}, s.publisher())
	front.publish("a", 1, 2, 3)
	other := "b"
	for i := 0; orderTopic.Partition(other) == orderTopic.Partition("a"); i++ {
		other = keys(i + 1)[i]
	}
	s.await("the events are numbered", func() bool { return published(s) == 3 })
	at := driver.Partition{Topic: owned, Number: orderTopic.Partition("a")}
	_, err := s.shop.store.TrimJournal(s.ctx, at, driver.Position{Epoch: 1, Seq: 2})
	s.must(err, "trim")
	front.stop()
	p := s.run(faults{}, s.publisher(), s.recording(s.billing))
	p.publish("a", 4)
	p.publish(other, 1)
	s.await("the partition stands still", func() bool { return s.count(headrace.Stalled) > 0 })
	s.awaitRecords(s.billing, map[string]string{"a": "", other: upTo(1)})
}

func freshBroker(s *system) {
	const n, many = 6, 8
	p := s.run(faults{}, s.publisher(), s.recording(s.billing))
	p.publishAll(keys(many), 1, n)
	s.awaitRecords(s.billing, all(n, keys(many)...))
	p.stop()
	front := s.run(faults{append: forgetting(1 << 30)}, s.publisher())
	front.publishAll(keys(many), n+1, 2*n)
	s.await("the events are numbered", func() bool { return published(s) == 2*n*many })
	front.stop()

	s.broker = s.fresh()
	p = s.run(faults{}, s.publisher(), s.recording(s.billing), s.recording(s.others))
	p.publishAll(keys(many), 2*n+1, 3*n)
	s.awaitRecords(s.billing, all(3*n, keys(many)...))
	s.awaitRecords(s.others, all(3*n, keys(many)...))
	equal(s.world, published(s), 3*n*many, "events in the journal")
	s.bit(headrace.HistoryRead)
	s.never(headrace.EpochRaised, headrace.ParkedEvents)
	if s.has.Reappend {
		s.bit(headrace.Reappended)
	} else {
		s.never(headrace.Reappended)
	}
}

// notFilledAgain has a broker that forgets two of three batches and is not to be given them again, also by a relay that comes later and looks.
func notFilledAgain(s *system) {
	const n, many = 6, 6
	f := faults{append: forgetting(3), unfilled: true}
	p := s.run(f, s.publisher(), s.recording(s.billing))
	for i := range n {
		p.publishAll(keys(many), i+1, i+1)
	}
	s.awaitRecords(s.billing, all(n, keys(many)...))
	p.stop()
	p = s.run(f, s.publisher(), s.recording(s.billing))
	p.publishAll(keys(many), n+1, n+1)
	s.awaitRecords(s.billing, all(n+1, keys(many)...))
	s.never(headrace.Reappended, headrace.ParkedEvents)
	if !s.has.Direct { // else nothing is lost: the store has appended it itself
		s.bit(headrace.HistoryRead)
	}
}
