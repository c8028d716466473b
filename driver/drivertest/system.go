package drivertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

// lease is how long the leases of the services in cases last. Cases let it elapse; they do not wait for it.
const lease = time.Second

// order is the data of the events in cases: the Nth of its key.
type order struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

func orderKey(o order) string { return o.ID }

var (
	orderTopic = headrace.Topic{Name: owned, Partitions: 4}
	placed     = headrace.Define(orderTopic, "order.placed", 2, orderKey, headrace.Upcast(1, func(o order) order { return o }))
)

// site is the database of one service.
type site struct {
	name  string
	db    Database
	store driver.Store
}

// system is a broker and the databases of three services: the shop publishes orders; billing and shipping follow them. Processes come and
// go; the broker and the databases stay.
type system struct {
	*world
	has     Capabilities
	clock   *Clock
	open    func(t testing.TB, clock driver.Clock) Database
	fresh   func() driver.Broker // opens another broker, empty
	broker  driver.Broker
	shop    *site
	billing *site
	others  *site

	mu      sync.Mutex
	counts  map[headrace.SignalKind]int
	topics  map[headrace.SignalKind]map[string]int
	changed chan struct{} // has an element when something may have changed
}

func newSystem(t testing.TB, b Backend) *system {
	s := &system{
		has: b.Has, clock: newClock(true), open: b.Store, broker: b.Broker(t),
		fresh:   func() driver.Broker { return b.Broker(t) },
		changed: make(chan struct{}, 1),
	}
	s.forget()
	s.world = newWorld(t)
	s.shop, s.billing, s.others = s.site("shop"), s.site("billing"), s.site("shipping")
	return s
}

// site is a new database of a service.
func (s *system) site(name string) *site {
	db := s.open(s, s.clock.Now)
	return &site{name: name, db: db, store: db.Store}
}

// elapse lets time pass for all.
func (s *system) elapse(d time.Duration) {
	s.clock.elapse(d)
	for _, at := range []*site{s.shop, s.billing, s.others} {
		if at.db.Elapse != nil {
			at.db.Elapse(d)
		}
	}
}

// signal is the hook of all processes.
func (s *system) signal(g headrace.Signal) {
	s.mu.Lock()
	s.counts[g.Kind] += g.Count
	if s.topics[g.Kind] == nil {
		s.topics[g.Kind] = map[string]int{}
	}
	s.topics[g.Kind][g.Topic] += g.Count
	s.mu.Unlock()
	s.touch()
}

// forget forgets all signals: what they were about was only scenery.
func (s *system) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.topics = map[headrace.SignalKind]int{}, map[headrace.SignalKind]map[string]int{}
}

// touch makes await look again.
func (s *system) touch() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *system) count(k headrace.SignalKind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[k]
}

// countOf counts signals that concern a topic, or none ("").
func (s *system) countOf(k headrace.SignalKind, topic string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.topics[k][topic]
}

// await waits until something is so. It looks whenever something has happened.
func (s *system) await(what string, so func() bool) {
	s.Helper()
	for !so() {
		select {
		case <-s.changed:
		case <-s.ctx.Done():
			s.mu.Lock()
			defer s.mu.Unlock()
			s.Fatalf("waited in vain until %s; signals: %v", what, s.counts)
		}
	}
}

// bit fails the case when a fault that was done had no consequence that was seen: such a case proves nothing.
func (s *system) bit(kinds ...headrace.SignalKind) {
	s.Helper()
	for _, k := range kinds {
		if s.count(k) == 0 {
			s.Errorf("nothing was ever %s: the fault did not bite", k)
		}
	}
}

// madeUp fails the case unless what a stream lacked came from the journal: read as history by the group, or appended again by the relay,
// whichever was first.
func (s *system) madeUp() {
	s.Helper()
	if s.count(headrace.HistoryRead)+s.count(headrace.Reappended) == 0 {
		s.Errorf("nothing was read from history or appended again: the fault did not bite")
	}
}

// never fails the case when something has happened that must not.
func (s *system) never(kinds ...headrace.SignalKind) {
	s.Helper()
	for _, k := range kinds {
		if n := s.count(k); n > 0 {
			s.Errorf("%s: %d times, want never", k, n)
		}
	}
}

// inner is the backend's transaction behind one that a process sees.
func inner(tx *headrace.Tx) driver.Tx {
	t := tx.Driver()
	for {
		outer, ok := t.(*faultyTx)
		if !ok {
			return t
		}
		t = outer.Tx
	}
}

// record writes into a service's own data that an event was applied: what a key's record says is which events had an effect, how often and
// in which order.
func (s *system) record(ctx context.Context, at *site, tx *headrace.Tx, key string, n int) error {
	text, err := at.db.Get(ctx, inner(tx), "record "+key)
	if err != nil {
		return err
	}
	return at.db.Put(ctx, inner(tx), "record "+key, fmt.Sprint(text, n, " "))
}

// recorder is a handler that does nothing but record.
func (s *system) recorder(at *site) func(context.Context, *headrace.Tx, headrace.Event[order]) error {
	return func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
		return s.record(ctx, at, tx, e.Key, e.Data.N)
	}
}

// records reads what was recorded of some keys.
func (s *system) records(at *site, keys ...string) map[string]string {
	s.Helper()
	tx, err := at.store.Begin(s.ctx, driver.TxOptions{ReadOnly: true})
	s.must(err, "begin a view")
	defer func() { _ = tx.Rollback(s.ctx) }()
	records := map[string]string{}
	for _, key := range keys {
		text, err := at.db.Get(s.ctx, tx, "record "+key)
		s.must(err, "read a record")
		records[key] = strings.TrimSpace(text)
	}
	return records
}

// upTo is the record of a key whose events 1 to n had their effects once and in order.
func upTo(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprint(&b, i+1, " ")
	}
	return strings.TrimSpace(b.String())
}

// all is the records of keys whose events 1 to n had their effects once and in order.
func all(n int, keys ...string) map[string]string {
	records := map[string]string{}
	for _, key := range keys {
		records[key] = upTo(n)
	}
	return records
}

// awaitRecords waits until the records of keys are as wanted. It fails at once when one can no longer become so.
func (s *system) awaitRecords(at *site, want map[string]string) {
	s.Helper()
	keys := slices.Sorted(maps.Keys(want))
	var got map[string]string
	defer func() {
		if s.Failed() {
			s.Logf("records of %s are %v, want %v", at.name, got, want)
		}
	}()
	s.await("the records of "+at.name+" are whole", func() bool {
		got = s.records(at, keys...)
		for key, text := range got {
			if !strings.HasPrefix(want[key], text) {
				s.Fatalf("%s applied %q of %s: want %q", at.name, text, key, want[key])
			}
		}
		return maps.Equal(got, want)
	})
}

// keys are the names of n keys.
func keys(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint("key-", i)
	}
	return list
}

// parked are the parked events of a service as key, number and state, in order of partition and position.
func (s *system) parked(at *site) []string {
	s.Helper()
	events, err := at.store.ListParked(s.ctx, at.name, driver.ParkedFilter{})
	s.must(err, "list parked events")
	var list []string
	for _, e := range events {
		list = append(list, fmt.Sprintf("%s %s %s", e.Key, e.Entry.Data, e.State))
	}
	return list
}

// data is an order as parked lists it.
func data(key string, n int) string { return fmt.Sprintf(`%s {"id":%q,"n":%d}`, key, key, n) }

var errNo = errors.New("no")
