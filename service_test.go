package headrace_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// nothing is a handler that does nothing.
func nothing[T any](context.Context, *headrace.Tx, headrace.Event[T]) error { return nil }

func nothingBatch[T any](context.Context, *headrace.Tx, []headrace.Event[T]) error { return nil }

// serviceOf makes a service named music on a store of its own.
func serviceOf(change func(*headrace.ServiceConfig)) *headrace.Service {
	c := headrace.ServiceConfig{Name: "music", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{songs}}
	change(&c)
	return headrace.NewService(c)
}

func TestMistakesInAServiceAreNamed(t *testing.T) {
	t.Parallel()
	more := songs
	more.Partitions = 3
	sold := headrace.Define(songs, "song.sold", 1, songKey)
	soldInMore := headrace.Define(more, "song.sold", 1, songKey)
	handlers := func(list ...headrace.Handler) func(*headrace.ServiceConfig) {
		return func(c *headrace.ServiceConfig) { c.Handlers = list }
	}
	for name, c := range map[string]struct {
		change func(*headrace.ServiceConfig)
		want   string // empty: it is fine
	}{
		"nothing wrong":         {func(*headrace.ServiceConfig) {}, ""},
		"no name":               {func(c *headrace.ServiceConfig) { c.Name = "" }, `service "": name is empty`},
		"bad name":              {func(c *headrace.ServiceConfig) { c.Name = "Music" }, `service "Music": name must start`},
		"no store":              {func(c *headrace.ServiceConfig) { c.Store = nil }, "store is nil"},
		"batch":                 {func(c *headrace.ServiceConfig) { c.Batch = -1 }, "Batch below 1"},
		"workers":               {func(c *headrace.ServiceConfig) { c.Workers = -1 }, "Workers"},
		"drain":                 {func(c *headrace.ServiceConfig) { c.Drain = -1 }, "Drain"},
		"lease":                 {func(c *headrace.ServiceConfig) { c.Lease = 99 * time.Millisecond }, "Lease below 100ms"},
		"least lease":           {func(c *headrace.ServiceConfig) { c.Lease = 100 * time.Millisecond }, ""},
		"bad topic":             {func(c *headrace.ServiceConfig) { c.Owns = append(c.Owns, headrace.Topic{Name: "x y"}) }, `topic "x y"`},
		"topic owned twice":     {func(c *headrace.ServiceConfig) { c.Owns = append(c.Owns, songs) }, `topic "songs" is owned twice`},
		"owned in two sizes":    {func(c *headrace.ServiceConfig) { c.Owns = append(c.Owns, more) }, `topic "songs" is owned twice`},
		"handler twice":         {handlers(headrace.On(played, nothing[song]), headrace.On(played, nothing[song])), "handler of songs/song.played is there twice"},
		"handler twice, batch":  {handlers(headrace.On(played, nothing[song]), headrace.OnBatch(played, nothingBatch[song])), "songs/song.played is there twice"},
		"two types":             {handlers(headrace.On(played, nothing[song]), headrace.On(sold, nothing[song])), ""},
		"whole topic twice":     {handlers(headrace.OnTopic(songs, nothingBatch), headrace.OnTopic(songs, nothingBatch)), "handler of songs is there twice"},
		"type in a whole topic": {handlers(headrace.OnTopic(songs, nothingBatch), headrace.On(played, nothing[song])), `topic "songs" has both`},
		"whole topic of a type": {handlers(headrace.On(played, nothing[song]), headrace.OnTopic(songs, nothingBatch)), `topic "songs" has both`},
		"no function":           {handlers(headrace.On[song](played, nil)), "handler of songs/song.played.v3: function is nil"},
		"no batch function":     {handlers(headrace.OnBatch[song](played, nil)), "batch handler of songs/song.played.v3: function is nil"},
		"no topic function":     {handlers(headrace.OnTopic(songs, nil)), `handler of topic "songs": function is nil`},
		"no time":               {handlers(headrace.On(played, nothing[song], headrace.Timeout(0))), "handler of songs/song.played: Timeout 0s"},
		"no handler":            {handlers(headrace.Handler{}), "handler"},
		"topic in two sizes": {func(c *headrace.ServiceConfig) {
			c.Owns, c.Handlers = nil, []headrace.Handler{headrace.On(played, nothing[song]), headrace.On(soldInMore, nothing[song])}
		}, "handler of songs/song.sold: number of partitions cannot change: 3 here, 2 in another"},
		"owned in another size": {handlers(headrace.On(soldInMore, nothing[song])), "handler of songs/song.sold: number of partitions cannot change: 3 here, 2 where it is owned"},
		"two beginnings":        {handlers(headrace.On(played, nothing[song]), headrace.On(sold, nothing[song], headrace.From(headrace.Now))), "handler of songs/song.sold: From differs from that of songs/song.played"},
		"one beginning":         {handlers(headrace.On(played, nothing[song], headrace.From(headrace.Now)), headrace.On(sold, nothing[song], headrace.From(headrace.Now))), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serviceOf(c.change)
			err := s.Check()
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), `service "`+s.Name()+`"`) {
				t.Fatalf("Check says %v, want %q in it", err, c.want)
			}
			for what, got := range map[string]error{
				"In":      s.In(t.Context(), func(context.Context, *headrace.Tx) error { return nil }),
				"View":    s.View(t.Context(), func(context.Context, *headrace.Tx) error { return nil }),
				"App.Run": (&headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{s}}).Run(t.Context()),
			} {
				if !errors.Is(got, err) {
					t.Errorf("%s says %v, want %v", what, got, err)
				}
			}
		})
	}
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	err := headrace.NewService(headrace.ServiceConfig{Batch: -1, Handlers: []headrace.Handler{headrace.On[song](played, nil)}}).Check()
	for _, want := range []string{"name is empty", "store is nil", "Batch", "function is nil"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

// TestTransactionInsideATransaction would hang if it were not refused: a store in memory has one writer.
func TestTransactionInsideATransaction(t *testing.T) {
	t.Parallel()
	outer, other := serviceOf(func(*headrace.ServiceConfig) {}), serviceOf(func(c *headrace.ServiceConfig) { c.Name = "other" })
	empty := func(context.Context, *headrace.Tx) error { return nil }
	err := outer.In(t.Context(), func(ctx context.Context, tx *headrace.Tx) error {
		for name, inner := range map[string]func() error{
			"In in In":      func() error { return outer.In(ctx, empty) },
			"View in In":    func() error { return outer.View(ctx, empty) },
			"Deliver in In": func() error { _, err := outer.Deliver(ctx); return err },
			"In by way of two": func() error {
				return other.In(ctx, func(ctx context.Context, _ *headrace.Tx) error { return outer.In(ctx, empty) })
			},
		} {
			if err := inner(); !errors.Is(err, headrace.ErrNested) || !strings.Contains(err.Error(), `service "music"`) {
				t.Errorf("%s: %v, want %v of service music", name, err, headrace.ErrNested)
			}
		}
		if err := other.In(ctx, empty); err != nil {
			t.Errorf("a transaction of another service: %v", err)
		}
		return played.Publish(tx, song{Title: "still usable"})
	})
	if err != nil {
		t.Error(err)
	}
	err = outer.View(t.Context(), func(ctx context.Context, _ *headrace.Tx) error { return outer.In(ctx, empty) })
	if !errors.Is(err, headrace.ErrNested) {
		t.Errorf("In in View: %v", err)
	}
}

func TestTransactionInsideAHandler(t *testing.T) {
	t.Parallel()
	var s *headrace.Service
	s = serviceOf(func(c *headrace.ServiceConfig) {
		c.Handlers = []headrace.Handler{headrace.On(played, func(ctx context.Context, _ *headrace.Tx, _ headrace.Event[song]) error {
			return s.In(ctx, func(context.Context, *headrace.Tx) error { return nil })
		})}
	})
	if _, err := s.Deliver(t.Context(), rawSong(3, `{}`)); !errors.Is(err, headrace.ErrNested) {
		t.Errorf("got %v, want %v", err, headrace.ErrNested)
	}
}

func TestInUndoesWhatFails(t *testing.T) {
	t.Parallel()
	store := memory.NewStore(memory.StoreConfig{})
	s := serviceOf(func(c *headrace.ServiceConfig) { c.Store = store })
	failure := errors.New("no")
	write := func(end func() error) func(context.Context, *headrace.Tx) error {
		return func(_ context.Context, tx *headrace.Tx) error {
			if err := errors.Join(memory.State(tx).Set("k", []byte("v")), played.Publish(tx, song{Title: "x"})); err != nil {
				return err
			}
			return end()
		}
	}
	if err := s.In(t.Context(), write(func() error { return failure })); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a panic outside of a handler is the caller's")
			}
		}()
		_ = s.In(t.Context(), write(func() error { panic("no") }))
	}()
	err := s.In(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		if _, there := memory.State(tx).Get("k"); there {
			t.Error("what a failed transaction wrote is there")
		}
		return nil
	})
	if n, _, pendingErr := store.Pending(t.Context()); n != 0 || err != nil || pendingErr != nil {
		t.Errorf("%d events were published by failed transactions; %v, %v", n, err, pendingErr)
	}
}

// fickleStore gives up on transactions because of others.
type fickleStore struct {
	*memory.Store
	conflicts int
}

func (s *fickleStore) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := s.Store.Begin(ctx, o)
	return &fickleTx{tx, s}, err
}

type fickleTx struct {
	driver.Tx
	store *fickleStore
}

func (tx *fickleTx) Commit(ctx context.Context) error {
	if tx.store.conflicts--; tx.store.conflicts >= 0 {
		return errors.Join(tx.Rollback(ctx), driver.ErrConflict)
	}
	return tx.Tx.Commit(ctx)
}

func TestConflictsAreRunAgain(t *testing.T) {
	t.Parallel()
	for conflicts, c := range map[int]struct {
		runs int
		want error
	}{0: {1, nil}, 1: {2, nil}, 9: {10, nil}, 10: {10, headrace.ErrConflict}, 99: {10, headrace.ErrConflict}} {
		synctest.Test(t, func(t *testing.T) {
			store := &fickleStore{Store: memory.NewStore(memory.StoreConfig{}), conflicts: conflicts}
			s := serviceOf(func(c *headrace.ServiceConfig) { c.Store = store })
			runs := 0
			err := s.In(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
				runs++
				return played.Publish(tx, song{Title: "x"})
			})
			count, _, pendingErr := store.Pending(t.Context())
			if runs != c.runs || !errors.Is(err, c.want) || (count == 1) != (c.want == nil) || pendingErr != nil {
				t.Errorf("%d conflicts: %d runs, %d events, %v, %v; want %d runs, %v", conflicts, runs, count, err, pendingErr, c.runs, c.want)
			}
		})
	}
}

func TestConflictsAreNotWaitedForAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := serviceOf(func(c *headrace.ServiceConfig) {
		c.Store = &fickleStore{Store: memory.NewStore(memory.StoreConfig{}), conflicts: 99}
	})
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	err := s.In(ctx, func(context.Context, *headrace.Tx) error {
		runs++
		cancel()
		return driver.ErrConflict
	})
	if runs != 1 || !errors.Is(err, headrace.ErrConflict) {
		t.Errorf("%d runs, %v", runs, err)
	}
}
