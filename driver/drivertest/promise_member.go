package drivertest

import (
	"github.com/headrace/headrace"
)

func memberRules() []rule[*system] {
	return []rule[*system]{
		{
			"12-a-new-group-starts-where-it-says",
			"rule 12: once the service is ready it misses nothing, and From decides about what was before",
			firstCursors,
		},
		{
			"18-a-new-member-gets-its-share",
			"rule 18: an idle partition never commits, and is handed over all the same, in order",
			handOver,
		},
		{
			"18-a-stop-gives-leases-back",
			"rule 18: a rolling deployment does not wait for leases to expire",
			givenBack,
		},
	}
}

func firstCursors(s *system) {
	const many = 5
	front := s.run(faults{}, s.publisher())
	front.publishAll(keys(many), 1, 2)
	s.await("the first events are numbered", func() bool { return published(s) == 2*many })
	front.stop()
	p := s.run(faults{}, s.publisher(), s.recording(s.billing), s.recording(s.others, headrace.From(headrace.Now)))
	p.publishAll(keys(many), 3, 3)
	s.awaitRecords(s.billing, all(3, keys(many)...))
	late := map[string]string{}
	for _, key := range keys(many) {
		late[key] = "3"
	}
	s.awaitRecords(s.others, late)
	p.stop()
	p = s.run(faults{}, s.publisher(), s.recording(s.billing, headrace.From(headrace.Now)), s.recording(s.others))
	p.publishAll(keys(many), 4, 4)
	s.awaitRecords(s.billing, all(4, keys(many)...))
	for key := range late {
		late[key] = "3 4"
	}
	s.awaitRecords(s.others, late)
}

// owners is how many partitions each living owner of billing's leases has.
func (s *system) owners() map[string]int {
	s.Helper()
	m, err := s.billing.store.Heartbeat(s.ctx, "watcher", lease)
	s.must(err, "heartbeat")
	s.must(s.billing.store.Leave(s.ctx, "watcher"), "leave")
	owners := map[string]int{}
	for _, slot := range m.Slots {
		if slot.Group == s.billing.name && slot.Owner != "" {
			owners[slot.Owner]++
		}
	}
	return owners
}

func handOver(s *system) {
	const many = 8
	front := s.client()
	s.run(faults{}, s.publisher(), s.recording(s.billing))
	s.await("the first member has everything", func() bool { return s.countOf(headrace.LeaseTaken, owned) >= orderTopic.Partitions })
	s.run(faults{}, s.publisher(), s.recording(s.billing))
	s.await("the second member has its share", func() bool { return s.countOf(headrace.LeaseTaken, owned) >= orderTopic.Partitions*3/2 })
	front.publishAll(keys(many), 1, 3)
	s.awaitRecords(s.billing, all(3, keys(many)...))
	for member, n := range s.owners() {
		equal(s.world, n, orderTopic.Partitions/2, "partitions of "+member)
	}
	s.never(headrace.LeaseDirty, headrace.Fenced, headrace.ParkedEvents)
}

func givenBack(s *system) {
	const many = 8
	front := s.client()
	s.must(s.shop.store.Setup(s.ctx, setup()), "set up the shop")
	front.publishAll(keys(many), 1, 2)
	for range 3 {
		p := s.run(faults{}, s.publisher(), s.recording(s.billing))
		s.awaitRecords(s.billing, all(2, keys(many)...))
		p.stop()
		equal(s.world, len(s.owners()), 0, "owners after a stop")
	}
	s.run(faults{}, s.publisher(), s.recording(s.billing))
	front.publishAll(keys(many), 3, 3)
	s.awaitRecords(s.billing, all(3, keys(many)...))
	s.never(headrace.LeaseDirty, headrace.Fenced)
}
