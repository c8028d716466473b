package headrace_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// numbered does the relay's work once, and returns what the journal has for the partition of a key.
func numbered(t *testing.T, store *memory.Store, topic headrace.Topic, key string) []headrace.Metadata {
	t.Helper()
	ctx := t.Context()
	if err := store.EnsureCursors(ctx, driver.RelayGroup, map[driver.Partition]headrace.Position{driver.RelayLease: driver.Start}); err != nil {
		t.Fatal(err)
	}
	lease, _, err := store.Acquire(ctx, driver.RelayGroup, driver.RelayLease, "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Number(ctx, lease.Fence, 1000); err != nil {
		t.Fatal(err)
	}
	p := driver.Partition{Topic: topic.Name, Number: topic.Partition(key)}
	page, err := store.ReadJournal(ctx, p, driver.Start, 1000, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var list []headrace.Metadata
	for _, e := range page.Entries {
		m, err := headrace.DecodeMetadata(p, e)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

func TestDelayedEventsCanBeTakenBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := memory.NewStore(memory.StoreConfig{Clock: clock})
	s := headrace.NewService(headrace.ServiceConfig{Name: "post", Store: store, Owns: []headrace.Topic{letters}, Clock: clock})
	in := func(fn func(ctx context.Context, tx *headrace.Tx) error) {
		t.Helper()
		if err := s.In(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	cancel := func(token string, want bool) func(context.Context, *headrace.Tx) error {
		return func(ctx context.Context, tx *headrace.Tx) error {
			if got, err := tx.Cancel(ctx, token); got != want || err != nil {
				t.Errorf("cancel: %v, %v, want %v", got, err, want)
			}
			return nil
		}
	}

	var atOnce, first, second string
	in(func(ctx context.Context, tx *headrace.Tx) error {
		for delay, token := range map[time.Duration]*string{-time.Second: &atOnce, time.Minute: &first, time.Hour: &second} {
			if err := letterSent.Publish(tx, letter{To: "a"}, headrace.After(delay), headrace.Token(token)); err != nil {
				return err
			}
		}
		var third string
		if err := letterSent.Publish(tx, letter{To: "a"}, headrace.After(time.Minute), headrace.Token(&third)); err != nil {
			return err
		}
		return cancel(third, true)(ctx, tx) // in the transaction that published it
	})
	if got := numbered(t, store, letters, "a"); len(got) != 1 || got[0].ID != atOnce {
		t.Errorf("numbered at once: %+v, want %s", got, atOnce)
	}
	in(cancel(atOnce, false))
	in(cancel(second, true))
	in(cancel(second, false))
	in(cancel("", false))

	now = now.Add(2 * time.Hour)
	if got := numbered(t, store, letters, "a"); len(got) != 2 || got[1].ID != first {
		t.Errorf("numbered in the end: %+v, want %s after the other", got, first)
	}
	in(cancel(first, false)) // too late
}

func TestACancelIsUndoneWithItsTransaction(t *testing.T) {
	t.Parallel()
	s, _ := postOffice()
	var token string
	err := s.In(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		return letterSent.Publish(tx, letter{To: "a"}, headrace.After(time.Hour), headrace.Token(&token))
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_ = s.In(t.Context(), func(ctx context.Context, tx *headrace.Tx) error {
			if ok, err := tx.Cancel(ctx, token); !ok || err != nil {
				t.Errorf("cancel: %v, %v: want it to be there again", ok, err)
			}
			return context.Canceled
		})
	}
}

func TestTxKnowsTheTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 1999, time.FixedZone("CET", 3600))
	s := serviceOf(func(c *headrace.ServiceConfig) { c.Clock = func() time.Time { return now } })
	err := s.View(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		if got, want := tx.Now(), time.Date(2026, 3, 1, 11, 0, 0, 1000, time.UTC); got != want {
			t.Errorf("it is %v, want %v: in UTC, cut to microseconds", got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSQLOfAStoreWithoutSQL(t *testing.T) {
	t.Parallel()
	s, _ := postOffice()
	defer func() {
		text, _ := recover().(string)
		if !strings.Contains(text, `"post"`) || !strings.Contains(text, "memory") {
			t.Errorf("it panics with %q: want the service and the store in it", text)
		}
	}()
	_ = s.View(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		tx.SQL()
		return nil
	})
}
