package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func failurePromises() []rule[*system] {
	return []rule[*system]{
		{
			"10-a-failing-event-stops-its-key-only",
			"promise 10: the other keys go on; its own wait, also those that come while it is released, and follow in order",
			failingKey,
		},
		{
			"11-what-kills-the-process-is-set-aside",
			"promise 11: without a count in the store, an event that kills the process kills it for ever",
			killerEvent,
		},
		{
			"12-a-dependency-that-is-down-fills-no-dead-letters",
			"promise 12: nobody's attempts are used up by somebody else's outage",
			dependencyDown,
		},
		{
			"13-redrive-concerns-one-group",
			"promise 13: the failing group runs its dead events again, in order, as they were; the others hear nothing of it",
			redriveOneGroup,
		},
		{
			"14-foreign-bytes-and-newer-versions-stop-nothing",
			"promise 14: whoever can reach the broker can write to it, and producers are deployed before consumers",
			foreignBytes,
		},
	}
}

func failingKey(s *system) {
	const n, many = 6, 8
	retry := headrace.Retry{Attempts: 1 << 20, Quick: 1, Min: 1, Max: time.Millisecond}
	sick := &ill{}
	bad := s.poisoned(s.billing, sick, errNo, "key-3 2")
	p := s.run(faults{}, s.publisher(), subscriber(s.billing, headrace.On(placed, bad, retry)))
	p.publishAll(keys(many), 1, n)
	want := all(n, keys(many)...)
	want["key-3"] = "1"
	s.awaitRecords(s.billing, want)
	s.await("the key waits", func() bool { return len(s.parked(s.billing)) == n-1 })
	list := s.parked(s.billing)
	equal(s.world, strings.HasSuffix(list[0], "retrying"), true, "the first of "+fmt.Sprint(list)+" is tried again")
	for _, e := range list[1:] {
		equal(s.world, strings.HasSuffix(e, "waiting"), true, e+" waits")
	}
	sick.cured.Store(true)
	p.publish("key-3", n+1, n+2)
	want["key-3"] = upTo(n + 2)
	s.awaitRecords(s.billing, want)
	s.await("nothing is parked", func() bool { return len(s.parked(s.billing)) == 0 })
	s.bit(headrace.ParkedEvents, headrace.Released)
	s.never(headrace.Died)
}

func killerEvent(s *system) {
	const many = 5
	record := s.recorder(s.billing)
	deaths := 0
	for s.count(headrace.Died) == 0 {
		if deaths > 5 {
			s.Fatal("the event has killed the process six times: want it set aside after the third")
		}
		var p *process
		p = s.build(faults{}, s.publisher(), subscriber(s.billing, headrace.On(placed, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
			if e.Key == "key-2" {
				p.die()
				return errDead
			}
			return record(ctx, tx, e)
		})))
		p.start()
		if deaths == 0 {
			s.client().publishAll(keys(many), 1, 1)
		}
		s.await("the process has died or the event has", func() bool { return p.dead.Load() || s.count(headrace.Died) > 0 })
		if p.dead.Load() {
			deaths++
			p.kill()
		}
	}
	if deaths < 3 || deaths > 4 {
		s.Errorf("the process died %d times: want three, or four where the first does not count, because nobody knew yet on which event", deaths)
	}
	want := all(1, keys(many)...)
	want["key-2"] = ""
	s.awaitRecords(s.billing, want)
	s.same(s.parked(s.billing), []string{data("key-2", 1) + " dead"}, "parked events")
	s.bit(headrace.LeaseDirty)
}

func dependencyDown(s *system) {
	const n, many = 4, 5
	down := &ill{}
	handler := headrace.On(placed, s.poisoned(s.billing, down, headrace.Unavailable(errNo)), headrace.Retry{Attempts: 2})
	p := s.run(faults{}, s.publisher(), subscriber(s.billing, handler))
	p.publishAll(keys(many), 1, n)
	s.await("its partitions have paused several times", func() bool {
		s.elapse(lease)
		return s.count(headrace.Paused) >= 3*orderTopic.Partitions
	})
	s.never(headrace.ParkedEvents, headrace.Died, headrace.Retried)
	down.cured.Store(true)
	s.elapse(time.Minute)
	s.awaitRecords(s.billing, all(n, keys(many)...))
	s.never(headrace.ParkedEvents, headrace.Died, headrace.Retried)
}

// witness remembers what was known of events at each call of a handler.
type witness struct {
	mu    sync.Mutex
	calls map[string][]string // by id: metadata and effect key
}

func (v *witness) see(e headrace.Event[order]) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls[e.ID] = append(v.calls[e.ID], fmt.Sprintf("%+v %s", e.Metadata, e.EffectKey("charge")))
}

// check returns what differs between calls for the same event, and how many calls there were.
func (v *witness) check() (calls int, problem string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, list := range v.calls {
		calls += len(list)
		if len(slices.Compact(slices.Clone(list))) > 1 {
			problem = fmt.Sprintf("event %s came with different metadata: %q", id, list)
		}
	}
	return calls, problem
}

func redriveOneGroup(s *system) {
	const n, many = 4, 6
	sick, mine, theirs := &ill{}, &witness{calls: map[string][]string{}}, &witness{calls: map[string][]string{}}
	bad := s.poisoned(s.billing, sick, headrace.Permanent(errNo), "key-1 1", "key-2 2", "key-4 4")
	watched := func(v *witness, h orderHandler) headrace.Handler {
		return headrace.On(placed, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
			v.see(e)
			return h(ctx, tx, e)
		})
	}
	p := s.run(faults{}, s.publisher(), subscriber(s.billing, watched(mine, bad)), subscriber(s.others, watched(theirs, s.recorder(s.others))))
	p.publishAll(keys(many), 1, n)
	want := all(n, keys(many)...)
	want["key-1"], want["key-2"], want["key-4"] = "", "1", "1 2 3"
	s.awaitRecords(s.billing, want)
	s.awaitRecords(s.others, all(n, keys(many)...))
	s.await("the rest is parked", func() bool { return len(s.parked(s.billing)) == n+n-1+1 })

	before, _ := theirs.check()
	sick.cured.Store(true)
	for _, step := range []struct {
		key, record string
		drop        bool
	}{{"key-1", upTo(n), false}, {"key-2", "1 3 4", true}, {"key-4", upTo(n), false}} {
		act := p.services[s.billing.name].Redrive
		if step.drop {
			act = p.services[s.billing.name].Discard
		}
		moved, err := act(s.ctx, headrace.ParkedFilter{Key: step.key})
		s.must(err, "redrive or discard")
		equal(s.world, moved, 1, "dead events of "+step.key)
		want[step.key] = step.record
		s.awaitRecords(s.billing, want)
	}
	s.await("nothing is parked", func() bool { return len(s.parked(s.billing)) == 0 })
	if _, problem := mine.check(); problem != "" {
		s.Error(problem)
	}
	after, _ := theirs.check()
	equal(s.world, after, before, "calls of the other group's handler")
	s.bit(headrace.Died, headrace.Released, headrace.Discarded)
}

// foreignBytes puts garbage where the next event of a partition belongs, and then publishes that event and one of a newer version. A group
// that reads history at that moment goes past the garbage without having met it, so it is done until it was met.
func foreignBytes(s *system) {
	newer := headrace.Define(orderTopic, "order.placed", 3, orderKey)
	elsewhere := headrace.Define(orderTopic, "order.renamed", 1, orderKey)
	p := s.run(faults{}, s.publisher(), s.recording(s.billing))
	last := 1
	p.publish("a", last)
	s.awaitRecords(s.billing, all(last, "a"))
	at := driver.Partition{Topic: owned, Number: orderTopic.Partition("a")}
	garbage := driver.Entry{Data: []byte("\x00\xffgarbage")}
	for s.count(headrace.ForeignFound) == 0 {
		last++
		garbage.Position = driver.Position{Epoch: 1, Seq: uint64(last)}
		for _, err := range s.broker.Append(s.ctx, []driver.Batch{{Partition: at, Entries: []driver.Entry{garbage}}}) {
			s.must(err, "append garbage")
		}
		p.publish("a", last)
		s.awaitRecords(s.billing, all(last, "a"))
	}
	s.must(p.in(s.shop, func(_ context.Context, tx *headrace.Tx) error {
		return errors.Join(elsewhere.Publish(tx, order{ID: "a", N: 0}), newer.Publish(tx, order{ID: "a", N: last + 1}), newer.Publish(tx, order{ID: "b", N: 1}))
	}), "publish a newer version")
	p.publish("a", last+2)
	p.publish("c", 1)
	s.awaitRecords(s.billing, map[string]string{"a": upTo(last), "b": "", "c": upTo(1)})
	want := []string{data("a", last+1) + " dead", data("a", last+2) + " waiting", data("b", 1) + " dead"}
	s.await("the newer versions are parked", func() bool { return len(s.parked(s.billing)) == len(want) })
	got := s.parked(s.billing)
	slices.Sort(got)
	s.same(got, want, "parked events")
	events, err := p.services[s.billing.name].Parked(s.ctx, headrace.ParkedFilter{State: driver.Dead})
	s.must(err, "list parked events")
	for _, e := range events {
		equal(s.world, e.Reason, "unknown version", "why "+e.Key+" is dead")
	}
	found, err := p.services[s.billing.name].Foreign(s.ctx, 10)
	s.must(err, "list foreign entries")
	equal(s.world, len(found) > 0, true, "the garbage was kept")
	equal(s.world, string(found[0].Data), string(garbage.Data), "garbage")
	s.bit(headrace.ForeignFound)
	s.never(headrace.EpochRaised, headrace.Stalled)
}
