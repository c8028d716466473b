package headrace_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

var (
	echoes = headrace.Topic{Name: "echoes", Partitions: 2}
	echoed = headrace.Define(echoes, "note.echoed", 1, func(n note) string { return n.ID })
)

// system is three services in a row: writer → reader → auditor. Their stores and the broker outlive the processes.
type system struct {
	random                  *rand.Rand
	broker                  *memory.Broker
	writer, reader, auditor *memory.Store
	tally                   *tally
	calm                    bool // no more faults
	mu                      sync.Mutex
}

func newSystem(seed uint64) *system {
	return &system{
		random: rand.New(rand.NewPCG(seed, 1)), broker: memory.NewBroker(memory.BrokerConfig{Bound: 50}), tally: &tally{},
		writer: memory.NewStore(memory.StoreConfig{}), reader: memory.NewStore(memory.StoreConfig{}), auditor: memory.NewStore(memory.StoreConfig{}),
	}
}

func (s *system) draw(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calm {
		return -1
	}
	return s.random.IntN(n)
}

// record appends the event to what is known of its key, in the transaction, and sometimes fails before or after.
func (s *system) record(tx *headrace.Tx, e headrace.Event[note]) error {
	switch s.draw(60) {
	case 0:
		return errors.New("passing failure")
	case 1:
		return headrace.Unavailable(errors.New("dependency is down"))
	case 2:
		panic("bug")
	}
	state := memory.State(tx.Driver().(interface{ Driver() driver.Tx }))
	seen, _ := state.Get(e.Key)
	if err := state.Set(e.Key, fmt.Appendf(seen, "%d ", e.Data.N)); err != nil {
		return err
	}
	if s.draw(60) == 0 {
		return errors.New("failure after the effect")
	}
	return nil
}

// start starts a process that runs all three services, and returns how to stop it in an orderly way and wait.
func (s *system) start(t *testing.T, odds int) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	s.mu.Lock()
	life := &mortal{random: rand.New(rand.NewPCG(s.random.Uint64(), 2)), odds: odds, stand: 3 * time.Second, ended: cancel, tally: s.tally}
	s.mu.Unlock()
	retry := headrace.Retry{Attempts: 1000, Max: time.Second}
	config := func(name string, store driver.Store) headrace.ServiceConfig {
		return headrace.ServiceConfig{Name: name, Store: mortalStore{store, life}, Lease: time.Second, Drain: 2 * time.Second, Batch: 16, Workers: 2}
	}
	writer, reader, auditor := config("writer", s.writer), config("reader", s.reader), config("auditor", s.auditor)
	writer.Owns, reader.Owns = []headrace.Topic{notes}, []headrace.Topic{echoes}
	reader.Handlers = []headrace.Handler{headrace.On(noted, func(_ context.Context, tx *headrace.Tx, e headrace.Event[note]) error {
		if err := s.record(tx, e); err != nil {
			return err
		}
		return echoed.Publish(tx, e.Data)
	}, retry)}
	auditor.Handlers = []headrace.Handler{headrace.OnBatch(echoed, func(_ context.Context, tx *headrace.Tx, events []headrace.Event[note]) error {
		for _, e := range events {
			if err := s.record(tx, e); err != nil {
				return err
			}
		}
		return nil
	}, retry)}
	app := &headrace.App{
		Broker: mortalBroker{s.broker, life}, Logger: slog.New(slog.DiscardHandler), Hooks: headrace.Hooks{Signal: s.tally.signal},
		Services: []*headrace.Service{headrace.NewService(writer), headrace.NewService(reader), headrace.NewService(auditor)},
	}
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, errDead) && !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	}
}

func (t *tally) signal(g headrace.Signal) {
	switch g.Kind {
	case headrace.Duplicate:
		t.add(&t.duplicates)
	case headrace.Gap:
		t.add(&t.gaps)
	case headrace.Fenced:
		t.add(&t.fenced)
	case headrace.Released:
		t.add(&t.releases)
	}
}

const (
	chaosKeys   = 12
	chaosRounds = 40
)

// TestEffectsHappenOnceAndInOrder is the property behind promises 1 to 5: whatever dies, stands still, repeats, drops or fails, every
// committed event has its effect exactly once in every group, in order per key.
func TestEffectsHappenOnceAndInOrder(t *testing.T) {
	t.Parallel()
	total := &tally{}
	t.Run("seeds", func(t *testing.T) {
		for seed := range uint64(40) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { chaos(t, seed, total) })
			})
		}
	})
	t.Logf("deaths %d, troubles %d, standstills %d, repeats %d, drops %d; duplicates %d, gaps %d, fenced %d, released %d",
		total.deaths, total.troubles, total.stands, total.repeats, total.drops, total.duplicates, total.gaps, total.fenced, total.releases)
	for name, n := range map[string]int{
		"deaths": total.deaths, "troubles": total.troubles, "standstills": total.stands, "repeats": total.repeats, "drops": total.drops,
		"duplicates": total.duplicates, "gaps": total.gaps, "fenced": total.fenced, "releases": total.releases,
	} {
		if n == 0 {
			t.Errorf("no %s: the fault never bit", name)
		}
	}
}

func chaos(t *testing.T, seed uint64, total *tally) {
	s := newSystem(seed)
	var stops []func()
	client := headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: s.writer, Owns: []headrace.Topic{notes}})
	stops = append(stops, s.start(t, 150))
	for round := range chaosRounds {
		for key := range chaosKeys {
			publishNote(t, client, fmt.Sprint("key", key), round)
		}
		time.Sleep(time.Duration(s.draw(1500)) * time.Millisecond)
		switch s.draw(4) {
		case 0:
			s.broker.Flush()
		case 1: // one more process
			stops = append(stops, s.start(t, 100+s.draw(400)))
		case 2: // one leaves, if it is still alive
			if len(stops) > 1 {
				stops[0]()
				stops = stops[1:]
			}
		}
	}
	s.mu.Lock()
	s.calm = true
	s.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
	stop := s.start(t, 0)
	defer stop()
	s.drain(t)
	s.check(t, "reader", s.reader)
	s.check(t, "auditor", s.auditor)
	merge(total, s.tally)
}

func publishNote(t *testing.T, client *headrace.Service, id string, n int) {
	t.Helper()
	err := client.In(t.Context(), func(_ context.Context, tx *headrace.Tx) error { return noted.Publish(tx, note{ID: id, N: n}) })
	if err != nil {
		t.Fatal(err)
	}
}

// drain waits until everything has arrived, at most 30 s; events that are dead because processes died on them are redriven.
func (s *system) drain(t *testing.T) {
	for range 60 {
		time.Sleep(500 * time.Millisecond)
		for group, store := range map[string]*memory.Store{"reader": s.reader, "auditor": s.auditor} {
			if _, err := store.ReleaseDead(t.Context(), group, driver.ParkedFilter{State: driver.Dead}, driver.Retrying); err != nil {
				t.Fatal(err)
			}
		}
		if s.missing(t, s.reader) == "" && s.missing(t, s.auditor) == "" {
			return
		}
	}
}

// missing returns the first key that is not as it should be.
func (s *system) missing(t *testing.T, store *memory.Store) string {
	t.Helper()
	tx, err := store.Begin(t.Context(), driver.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	var want strings.Builder
	for round := range chaosRounds {
		fmt.Fprintf(&want, "%d ", round)
	}
	state := memory.State(transaction{tx})
	for key := range chaosKeys {
		if got, _ := state.Get(fmt.Sprint("key", key)); string(got) != want.String() {
			return fmt.Sprintf("key%d: %s", key, got)
		}
	}
	return ""
}

func (s *system) check(t *testing.T, name string, store *memory.Store) {
	t.Helper()
	if wrong := s.missing(t, store); wrong != "" {
		parked, _ := store.ListParked(t.Context(), name, driver.ParkedFilter{})
		t.Errorf("%s: not each event once and in order: %s (%d parked)", name, wrong, len(parked))
	}
}

type transaction struct{ driver.Tx }

func (t transaction) Driver() driver.Tx { return t.Tx }

func merge(total, t *tally) {
	total.mu.Lock()
	defer total.mu.Unlock()
	t.mu.Lock() // the last process still runs
	defer t.mu.Unlock()
	total.deaths += t.deaths
	total.troubles += t.troubles
	total.stands += t.stands
	total.repeats += t.repeats
	total.drops += t.drops
	total.duplicates += t.duplicates
	total.gaps += t.gaps
	total.fenced += t.fenced
	total.releases += t.releases
}
