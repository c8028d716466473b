package headrace

import (
	"context"
	"sync"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/internal/uuid"
)

// member is this process's part in running a service: it takes its share of the service's leases and hands them to its loops, one for the
// relay and some for the group's partitions.
type member struct {
	service *Service
	id      string
	relay   *relay
	workers []*worker

	mu   sync.Mutex
	held map[slotID]holding
}

type holding struct {
	lease driver.Lease
	inbox *inbox
}

func newMember(s *Service, a *App, h *history, solo *solitude) *member {
	m := &member{service: s, id: uuid.V7(s.clock.Now()), held: map[slotID]holding{}}
	m.relay = &relay{service: s, broker: a.Broker, live: a.Live, inbox: newInbox(), lost: m.forget}
	if len(s.follows) == 0 {
		return m
	}
	count := s.config.Workers
	if count == 0 {
		count = s.store.Concurrency()
	}
	for range max(count, 1) {
		m.workers = append(m.workers, newWorker(s, a.Broker, h, solo, m.forget))
	}
	return m
}

// forget is called by a loop that no longer works on a lease.
func (m *member) forget(s slotID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.held, s)
}

// run works until ctx ends and then stops in order: readers first, then the relay, then the membership. The context live outlasts ctx: it is
// what running handlers and the last commits use. A member that only publishes takes no lease; it passes nudges on.
func (m *member) run(ctx, live context.Context) {
	if m.service.config.PublishOnly {
		m.relay.run(ctx, live)
		return
	}
	var readers, relays, beats sync.WaitGroup
	relayCtx, stopRelay := context.WithCancel(live)
	beatCtx, stopBeats := context.WithCancel(live)
	defer stopRelay()
	defer stopBeats()

	beats.Go(func() { m.beat(ctx, beatCtx) })
	relays.Go(func() { m.relay.run(relayCtx, live) })
	for _, w := range m.workers {
		readers.Go(func() { w.run(ctx, live) })
	}
	readers.Wait()
	<-ctx.Done()
	stopRelay()
	relays.Wait()
	stopBeats()
	beats.Wait()
	m.leave(live)
}

// leave withdraws the membership.
func (m *member) leave(ctx context.Context) {
	ctx, cancel := farewellContext(ctx)
	defer cancel()
	m.giveBack(ctx)
	if err := m.service.store.Leave(ctx, m.id); err != nil {
		m.service.log().WarnContext(ctx, "membership could not be withdrawn; it expires", "error", err)
	}
}

// giveBack releases the leases that were taken while the loops were stopping, so that nobody works on them.
func (m *member) giveBack(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, h := range m.held {
		if err := m.service.store.Release(ctx, id.group, []driver.Lease{h.lease}); err != nil {
			m.service.log().WarnContext(ctx, "a lease expires instead", "group", id.group, "partition", id.partition.String(), "error", err)
		}
	}
}

// beatsPerLease is how often a member renews its leases in the time of one. A free lease is noticed at the next beat: with the default of 5 s
// less than a second after it was given back, or has expired.
const beatsPerLease = 6

// beat renews what this member holds, and takes and gives leases until ctx ends; after that it only renews, until live ends.
func (m *member) beat(ctx, live context.Context) {
	trouble := trouble{log: m.service.log(), what: "membership"}
	for live.Err() == nil {
		err := m.turn(live, ctx.Err() != nil)
		pause := max(m.service.config.Lease/beatsPerLease, trouble.note(live, err))
		_ = wait(live, min(pause, m.service.config.Lease/3)) // the end of live is noticed above
	}
}

func (m *member) turn(ctx context.Context, stopping bool) error {
	view, err := m.service.store.Heartbeat(ctx, m.id, m.service.config.Lease)
	if err != nil {
		return err
	}
	m.mu.Lock()
	fences := make(map[slotID]uint64, len(m.held))
	for id, h := range m.held {
		fences[id] = h.lease.Fence
	}
	m.mu.Unlock()
	todo := plan(m.id, fences, view)
	for _, id := range todo.lost {
		m.tell(change{kind: drop, slot: id})
	}
	if stopping {
		return nil
	}
	for _, id := range todo.give {
		m.tell(change{kind: handOver, slot: id})
	}
	for _, s := range todo.free {
		lease := driver.Lease{Partition: s.Partition, Fence: s.Fence, Dirty: true} // for all that is known
		if err := m.service.store.Release(ctx, s.Group, []driver.Lease{lease}); err != nil {
			return err
		}
	}
	for _, s := range todo.take {
		if err := m.takeOver(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (m *member) tell(c change) {
	m.mu.Lock()
	h, ok := m.held[c.slot]
	m.mu.Unlock()
	if ok {
		h.inbox.put(c)
	}
}

// takeOver acquires a free lease and gives it to the loop with the least to do.
func (m *member) takeOver(ctx context.Context, s driver.Slot) error {
	id := slotID{s.Group, s.Partition}
	box := m.loopFor(id)
	if box == nil {
		return nil // a group that this version of the service no longer has
	}
	lease, ok, err := m.service.store.Acquire(ctx, s.Group, s.Partition, m.id, m.service.config.Lease)
	if err != nil || !ok {
		return err
	}
	m.mu.Lock()
	m.held[id] = holding{lease: lease, inbox: box}
	m.mu.Unlock()
	taken := Signal{Kind: LeaseTaken, Topic: s.Partition.Topic, Partition: s.Partition.Number, Count: 1}
	m.service.signal(taken)
	if lease.Dirty {
		taken.Kind = LeaseDirty
		m.service.signal(taken)
	}
	box.put(change{kind: adopt, slot: id, lease: lease})
	return nil
}

func (m *member) loopFor(id slotID) *inbox {
	if id == relaySlot {
		return m.relay.inbox
	}
	if _, follows := m.service.follows[id.partition.Topic]; !follows || id.group != m.service.name {
		return nil
	}
	load := map[*inbox]int{}
	m.mu.Lock()
	for _, h := range m.held {
		load[h.inbox]++
	}
	m.mu.Unlock()
	var least *inbox
	for _, w := range m.workers {
		if least == nil || load[w.inbox] < load[least] {
			least = w.inbox
		}
	}
	return least
}
