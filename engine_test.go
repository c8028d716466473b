package headrace_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headrace/headrace"
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

// world is a writer and a reader on memory.
type world struct {
	broker         *memory.Broker
	writer, reader *headrace.Service
	mu             sync.Mutex
	signals        map[headrace.SignalKind]int
}

func (w *world) count(k headrace.SignalKind) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.signals[k]
}

func newWorld(fn func(context.Context, *headrace.Tx, headrace.Event[note]) error, options ...headrace.HandlerOption) *world {
	w := &world{broker: memory.NewBroker(memory.BrokerConfig{}), signals: map[headrace.SignalKind]int{}}
	w.writer = headrace.NewService(headrace.ServiceConfig{
		Name: "writer", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{notes},
	})
	w.reader = headrace.NewService(headrace.ServiceConfig{
		Name: "reader", Store: memory.NewStore(memory.StoreConfig{}),
		Handlers: []headrace.Handler{headrace.On(noted, fn, options...)},
	})
	return w
}

// run runs the world until the returned function is called.
func (w *world) run(t *testing.T) func() {
	ctx, cancel := context.WithCancel(t.Context())
	app := &headrace.App{
		Broker: w.broker, Services: []*headrace.Service{w.writer, w.reader}, Logger: slog.New(slog.DiscardHandler),
		Hooks: headrace.Hooks{Signal: func(s headrace.Signal) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.signals[s.Kind] += s.Count
		}},
	}
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	<-app.Ready()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func (w *world) publish(t *testing.T, id string, n int) {
	t.Helper()
	err := w.writer.In(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		return noted.Publish(tx, note{ID: id, N: n})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := map[string][]int{}
		var mu sync.Mutex
		w := newWorld(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			mu.Lock()
			defer mu.Unlock()
			got[e.Key] = append(got[e.Key], e.Data.N)
			return nil
		})
		stop := w.run(t)
		for i := range 100 {
			w.publish(t, fmt.Sprint("k", i%10), i)
		}
		time.Sleep(5 * time.Second)
		stop()
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 10 || len(got["k3"]) != 10 {
			t.Fatalf("got %v signals %v", got, w.signals)
		}
		t.Log(got, w.signals)
	})
}

func TestSmokeRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		var mu sync.Mutex
		fail := true
		w := newWorld(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			mu.Lock()
			defer mu.Unlock()
			if e.Data.N == 3 && fail {
				return errors.New("no")
			}
			got = append(got, e.Data.N)
			return nil
		}, headrace.Retry{Attempts: 4})
		stop := w.run(t)
		for i := range 10 {
			w.publish(t, "k", i)
		}
		time.Sleep(60 * time.Second)
		list, err := w.reader.Parked(t.Context(), headrace.ParkedFilter{})
		t.Log(len(list), err, w.signals)
		for _, e := range list {
			t.Log(e.State, e.Attempts, e.Reason, e.Error)
		}
		fail = false
		t.Log(w.reader.Redrive(t.Context(), headrace.ParkedFilter{}))
		time.Sleep(5 * time.Second)
		stop()
		mu.Lock()
		defer mu.Unlock()
		t.Log(got, w.signals)
	})
}
