package headrace_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

type note struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

var (
	notes = headrace.Topic{Name: "notes", Partitions: 4}
	noted = headrace.Define(notes, "note.taken", 1, func(n note) string { return n.ID })
)

// world is a writer and a reader on memory, in a bubble of fake time. Stores and broker outlive the apps that run on them.
type world struct {
	*testing.T
	broker      *memory.Broker
	written     *memory.Store
	read        *memory.Store
	faults      faults // of everything that start starts
	live        driver.Live
	drain       time.Duration
	bound       int // how much of a stream the relay fills again; 0 is what the memory broker asks for
	writer      *headrace.Service
	reader      *headrace.Service
	handle      func(context.Context, *headrace.Tx, headrace.Event[note]) error
	options     []headrace.HandlerOption
	mu          sync.Mutex
	signals     map[headrace.SignalKind]int
	transcribed []string
}

func (w *world) count(k headrace.SignalKind) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.signals[k]
}

// story runs a test on a world whose reader handles notes by the function.
func story(t *testing.T, fn func(w *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fn(&world{
			T: t, broker: memory.NewBroker(memory.BrokerConfig{}), signals: map[headrace.SignalKind]int{},
			written: memory.NewStore(memory.StoreConfig{}), read: memory.NewStore(memory.StoreConfig{}),
		})
	})
}

// on sets what the reader does about notes.
func (w *world) on(fn func(context.Context, *headrace.Tx, headrace.Event[note]) error, options ...headrace.HandlerOption) {
	w.handle, w.options = fn, options
}

// start runs both services until the returned function is called, which stops them in an orderly way.
func (w *world) start() (stop func()) {
	w.Helper()
	return w.startBehind(&w.faults)
}

// process runs both services like start, until it dies or is stopped. A dead process has no effect any more.
func (w *world) process() (die, stop func()) {
	w.Helper()
	var dead atomic.Bool
	end := func(string) error {
		if dead.Load() {
			return errDead
		}
		return nil
	}
	stop = w.startBehind(&faults{before: end, after: end})
	return func() { dead.Store(true) }, stop
}

func (w *world) startBehind(f *faults) (stop func()) {
	w.Helper()
	w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: &faultyStore{Store: w.written, name: "writer", faults: f}, Owns: []headrace.Topic{notes}})
	w.reader = headrace.NewService(headrace.ServiceConfig{
		Name: "reader", Store: &faultyStore{Store: w.read, name: "reader", faults: f}, Drain: w.drain,
		Handlers: []headrace.Handler{headrace.On(noted, w.handle, w.options...)},
	})
	return w.run(w.writer, w.reader)
}

// store is a store behind the world's faults.
func (w *world) store(name string, s driver.Store) driver.Store {
	return &faultyStore{Store: s, name: name, faults: &w.faults}
}

func (w *world) run(services ...*headrace.Service) (stop func()) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	app := &headrace.App{
		Broker: &faultyBroker{w.broker, &w.faults, w.bound}, Live: w.live, Services: services, Logger: slog.New(slog.DiscardHandler),
		Hooks: headrace.Hooks{Signal: func(s headrace.Signal) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.signals[s.Kind] += s.Count
		}},
	}
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	select {
	case <-app.Ready():
	case err := <-done:
		w.Fatalf("Run: %v", err)
	}
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.Errorf("Run: %v", err)
		}
	})
}

// publish publishes notes of one key, numbered as given.
func (w *world) publish(id string, numbers ...int) {
	w.Helper()
	for _, n := range numbers {
		publishNote(w.T, w.writer, id, n)
	}
}

// say writes a line into the transcript.
func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.transcribed = append(w.transcribed, fmt.Sprintf(format, args...))
}

// heard checks the transcript since the last check.
func (w *world) heard(want ...string) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.transcribed, want) {
		w.Errorf("heard %q, want %q", w.transcribed, want)
	}
	w.transcribed = nil
}

// heardLast checks the end of the transcript since the last check: what came before was undone.
func (w *world) heardLast(want ...string) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.transcribed) - len(want); n < 0 || !slices.Equal(w.transcribed[n:], want) {
		w.Errorf("heard %q, want %q at the end", w.transcribed, want)
	}
	w.transcribed = nil
}

// bit checks how often something happened since the start.
func (w *world) bit(k headrace.SignalKind, want int) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := w.signals[k]; got != want {
		w.Errorf("%s: %d times, want %d", k, got, want)
	}
}

// parked checks the states of the reader's parked events, in order of position.
func (w *world) parked(want ...headrace.ParkState) []headrace.ParkedEvent {
	w.Helper()
	events, err := w.reader.Parked(w.Context(), headrace.ParkedFilter{})
	if err != nil {
		w.Fatal(err)
	}
	var got []headrace.ParkState
	for _, e := range events {
		got = append(got, e.State)
	}
	if !slices.Equal(got, want) {
		w.Errorf("parked events are %v, want %v", got, want)
	}
	return events
}

// held lists who holds leases of a store, and who is a member of its service.
func (w *world) held(s *memory.Store) (leases, members []string) {
	w.Helper()
	view, err := s.Heartbeat(w.Context(), "probe", time.Second)
	if err != nil {
		w.Fatal(err)
	}
	for _, slot := range view.Slots {
		if slot.Owner != "" {
			leases = append(leases, slot.Group+" "+slot.Partition.String())
		}
	}
	if err := s.Leave(w.Context(), "probe"); err != nil {
		w.Fatal(err)
	}
	return leases, slices.DeleteFunc(view.Members, func(m string) bool { return m == "probe" })
}

// nothingHeld checks that a store's leases are free and that its service has no members.
func (w *world) nothingHeld(s *memory.Store) {
	w.Helper()
	if leases, members := w.held(s); len(leases)+len(members) > 0 {
		w.Errorf("members %v are left, and leases %q are held", members, leases)
	}
}
