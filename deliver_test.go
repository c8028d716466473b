package headrace_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

func TestDeliverFillsInWhatIsMissing(t *testing.T) {
	t.Parallel()
	var got []headrace.Metadata
	s, _ := postOffice(headrace.On(answered, func(_ context.Context, _ *headrace.Tx, e headrace.Event[letter]) error {
		got = append(got, e.Metadata)
		return nil
	}))
	bare, full := answerTo(t, "a"), answerTo(t, "a")
	bare.Partition = 99
	full.ID, full.CorrelationID, full.Time = "e-1", "c-1", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	full.Position = headrace.Position{Epoch: 1, Seq: 7}
	if _, err := s.Deliver(t.Context(), bare, full); err != nil {
		t.Fatal(err)
	}
	if m := got[0]; len(m.ID) != 36 || m.CorrelationID != m.ID || m.Time.IsZero() || m.Partition != answered.Topic().Partition("a") {
		t.Errorf("what was missing is %+v", m)
	}
	if m := got[1]; m != full.Metadata {
		t.Errorf("what was there has become %+v: want %+v", m, full.Metadata)
	}
}

func TestDeliverReadsEveryVersion(t *testing.T) {
	t.Parallel()
	var got []song
	s := serviceOf(func(c *headrace.ServiceConfig) {
		c.Handlers = []headrace.Handler{headrace.On(played, func(_ context.Context, _ *headrace.Tx, e headrace.Event[song]) error {
			got = append(got, e.Data)
			return nil
		})}
	})
	_, err := s.Deliver(t.Context(), rawSong(1, `{"Name":"x"}`), rawSong(2, `{"Title":"y","By":"z"}`))
	if want := []song{{"x", "unknown"}, {"y", "z"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("handled %+v, %v, want %+v", got, err, want)
	}
}

func TestDeliverRefuses(t *testing.T) {
	t.Parallel()
	failure := errors.New("no")
	s := serviceOf(func(c *headrace.ServiceConfig) {
		c.Handlers = []headrace.Handler{headrace.On(played, func(_ context.Context, tx *headrace.Tx, e headrace.Event[song]) error {
			if err := errors.Join(memory.State(tx).Set("k", nil), played.Publish(tx, song{Title: "x"})); err != nil {
				return err
			}
			if e.Data.Artist == "nobody" {
				panic(failure)
			}
			return failure
		})}
	})
	sold := rawSong(3, `{}`)
	sold.Type = "song.sold"
	noKey := rawSong(3, `{}`)
	noKey.Key = ""
	for name, c := range map[string]struct {
		event headrace.RawEvent
		want  error
		text  string
	}{
		"the handler fails":  {rawSong(3, `{}`), failure, "no"},
		"the handler panics": {rawSong(3, `{"Artist":"nobody"}`), failure, "deliver_test.go"},
		"another type":       {sold, headrace.ErrNoHandler, `service "music": deliver: no handler of songs/song.sold`},
		"a newer version":    {rawSong(4, `{}`), headrace.ErrUnknownVersion, "version 4"},
		"no version":         {rawSong(0, `{}`), nil, "version 0"},
		"no JSON":            {rawSong(3, `{`), nil, "songs/song.played version 3"},
		"no key":             {noKey, nil, "no key"},
	} {
		published, err := s.Deliver(t.Context(), c.event)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || published != nil {
			t.Errorf("%s: %v, %v, want %v with %q", name, published, err, c.want, c.text)
		}
	}
	err := s.View(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		if _, there := memory.State(tx).Get("k"); there {
			t.Error("what a failed handler wrote is there")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDeliverRunsAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	runs := 0
	s := serviceOf(func(c *headrace.ServiceConfig) {
		c.Store = &fickleStore{Store: memory.NewStore(memory.StoreConfig{}), conflicts: 1}
		listed := headrace.Define(songs, "songs.listed", 1, func(m map[string]int) string { return "k" })
		c.Handlers = []headrace.Handler{headrace.On(listed, func(_ context.Context, tx *headrace.Tx, e headrace.Event[map[string]int]) error {
			runs++
			if e.Data["a"]++; e.Data["a"] != 2 {
				t.Errorf("run %d sees what the run before has changed: %v", runs, e.Data)
			}
			return played.Publish(tx, song{Title: "x"})
		})}
	})
	e := rawSong(1, `{"a":1}`)
	e.Type = "songs.listed"
	if published, err := s.Deliver(t.Context(), e); err != nil || len(published) != 1 || runs != 2 {
		t.Errorf("%d runs published %d events, %v: want 2 runs and 1 event", runs, len(published), err)
	}
}
