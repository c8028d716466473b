package drivertest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func deliveryPromises() []rule[*system] {
	return []rule[*system]{
		{
			"02-every-event-is-applied-or-parked",
			"promise 2: whatever the broker loses and whoever dies, each committed event has its effect or can be seen waiting for it",
			appliedOrParked,
		},
		{
			"03-effects-happen-once",
			"promise 3: entries come up to five times, and to members that do not own their partition",
			onceOnly,
		},
		{
			"04-there-is-no-window",
			"promise 4: a duplicate from last year has no more effect than one from a second ago",
			noWindow,
		},
		{
			"05-keys-keep-their-order",
			"promise 5: through failures, parked events, deaths, and members that come and go",
			keysKeepOrder,
		},
	}
}

// appliedOrParked lets the broker forget two of three batches, the process die now and then, and one event of each fifth key fail for good.
func appliedOrParked(s *system) {
	const n, many = 8, 10
	want, wantParked := map[string]string{}, 0
	for i, key := range keys(many) {
		if want[key] = upTo(n); i%5 == 0 {
			want[key], wantParked = upTo(3), wantParked+n-3
		}
	}
	handler := headrace.On(placed, s.refusing(s.billing, "key-0 4", "key-5 4"))
	start := func() *process {
		return s.run(faults{append: forgetting(3)}, s.publisher(), subscriber(s.billing, handler))
	}
	p := start()
	for i := range n {
		if i%3 == 2 {
			p.kill()
			p = start()
		}
		before := s.count(headrace.Applied) + s.count(headrace.ParkedEvents)
		p.publishAll(keys(many), i+1, i+1)
		s.await("something is done", func() bool { return s.count(headrace.Applied)+s.count(headrace.ParkedEvents) > before })
	}
	s.awaitRecords(s.billing, want)
	s.await("the rest is parked", func() bool { return len(s.parked(s.billing)) == wantParked })
	s.madeUp()
	s.bit(headrace.LeaseDirty, headrace.Died)
}

// forgetting keeps one of so many batches and loses the others.
func forgetting(keep int64) func([]driver.Batch) []driver.Batch {
	var n atomic.Int64
	return func(batches []driver.Batch) []driver.Batch {
		var kept []driver.Batch
		for _, b := range batches {
			if n.Add(1)%keep == 0 {
				kept = append(kept, b)
			}
		}
		return kept
	}
}

// echoes repeats what readers get: to them, and to every other reader of its kind.
type echoes struct {
	mu   sync.Mutex
	seen map[driver.Partition][]driver.Entry
	next int
}

// deliver makes batches begin earlier: up to four times, every entry comes again. Other readers' batches come too.
func (e *echoes) deliver(_ driver.Reader, batches []driver.Batch) []driver.Batch {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, b := range batches {
		e.seen[b.Partition] = append(e.seen[b.Partition], b.Entries...)
	}
	if len(batches) == 0 {
		return nil
	}
	e.next++
	var all []driver.Batch
	for p, entries := range e.seen {
		slices.SortFunc(entries, func(a, b driver.Entry) int { return a.Position.Compare(b.Position) })
		entries = slices.CompactFunc(entries, func(a, b driver.Entry) bool { return a.Position == b.Position })
		all = append(all, driver.Batch{Partition: p, Entries: slices.Clone(entries[max(0, len(entries)-e.next%5-1):])})
	}
	return all
}

func onceOnly(s *system) {
	const n, many = 15, 8
	e := &echoes{seen: map[driver.Partition][]driver.Entry{}}
	front := s.run(faults{deliver: e.deliver}, s.publisher(), s.recording(s.billing))
	s.run(faults{deliver: e.deliver}, s.publisher(), s.recording(s.billing))
	for i := range n {
		front.publishAll(keys(many), i+1, i+1)
		s.awaitRecords(s.billing, all(i+1, keys(many)...))
	}
	s.bit(headrace.Duplicate)
	s.never(headrace.ParkedEvents)
}

func noWindow(s *system) {
	const n, many = 10, 6
	var replay atomic.Bool
	f := faults{deliver: func(r driver.Reader, batches []driver.Batch) []driver.Batch {
		if replay.CompareAndSwap(true, false) {
			for i := range orderTopic.Partitions {
				_ = r.Seek(s.ctx, orders(i), driver.Start) // what is not replayed is missed below
			}
		}
		return batches
	}}
	part := s.recording(s.billing)
	part.config.Workers = 1 // whose reader has all partitions
	p := s.run(f, s.publisher(), part)
	p.publishAll(keys(many), 1, n)
	s.awaitRecords(s.billing, all(n, keys(many)...))
	before := s.count(headrace.Duplicate)
	replay.Store(true)
	p.publish("another", 1)
	s.await("everything has come again", func() bool { return s.count(headrace.Duplicate) >= before+n*many })
	p.publishAll(keys(many), n+1, n+1)
	s.awaitRecords(s.billing, all(n+1, keys(many)...))
	s.never(headrace.ParkedEvents)
}

// keysKeepOrder publishes while members come, die and leave, and while every seventh event fails a few times first.
func keysKeepOrder(s *system) {
	const n, many = 24, 8
	failing := s.failing(s.billing, 7, 3)
	retry := headrace.Retry{Attempts: 1000, Quick: 1, Min: 1, Max: 1}
	member := func() *process {
		return s.run(faults{}, s.publisher(), subscriber(s.billing, headrace.On(placed, failing, retry)))
	}
	front := s.client()
	members := []*process{member()}
	for round := range 4 {
		front.publishAll(keys(many), round*6+1, round*6+6)
		switch round {
		case 0:
			members = append(members, member(), member())
		case 1:
			members[0].kill()
		case 2:
			members[1].stop()
			members = append(members, member())
		}
		taken := s.count(headrace.LeaseTaken)
		s.await("leases have moved or work is done", func() bool {
			return s.count(headrace.LeaseTaken) > taken || s.count(headrace.Applied)+s.count(headrace.ParkedEvents) >= (round+1)*6*many
		})
	}
	s.awaitRecords(s.billing, all(n, keys(many)...))
	s.await("nothing is parked", func() bool { return len(s.parked(s.billing)) == 0 })
	s.bit(headrace.ParkedEvents, headrace.Released)
	if taken := s.countOf(headrace.LeaseTaken, owned); taken <= orderTopic.Partitions {
		s.Errorf("leases of %d partitions were taken %d times: none changed hands", orderTopic.Partitions, taken)
	}
	equal(s.world, published(s), n*many, "events in the journal")
}

// describeOrder is what handlers of cases call an event.
func describeOrder(e headrace.Event[order]) string { return fmt.Sprint(e.Key, " ", e.Data.N) }
