package memory_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

const ttl = 5 * time.Second

func begin(t *testing.T, s *memory.Store, o driver.TxOptions) driver.Tx {
	t.Helper()
	tx, err := s.Begin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // it never fails
	return tx
}

func set(t *testing.T, tx driver.Tx, key, value string) {
	t.Helper()
	if err := memory.State(holder{tx}).Set(key, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func wantValue(t *testing.T, tx driver.Tx, key, want string) {
	t.Helper()
	if got, _ := memory.State(holder{tx}).Get(key); string(got) != want {
		t.Errorf("%s is %q, want %q", key, got, want)
	}
}

func commit(t *testing.T, tx driver.Tx) {
	t.Helper()
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// acquire takes the lease of part(0), which has to be free.
func acquire(t *testing.T, s *memory.Store, member string) driver.Lease {
	t.Helper()
	if err := s.EnsureCursors(t.Context(), "group", map[driver.Partition]driver.Position{part(0): driver.Start}); err != nil {
		t.Fatal(err)
	}
	l, ok, err := s.Acquire(t.Context(), "group", part(0), member, ttl)
	if err != nil || !ok {
		t.Fatalf("acquire for %s: %t, %v", member, ok, err)
	}
	return l
}

func TestReadersSeeWhatWasCommittedAndWaitForNobody(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreConfig{})
	before := begin(t, s, driver.TxOptions{ReadOnly: true})
	writer := begin(t, s, driver.TxOptions{})
	set(t, writer, "a", "1")
	if err := writer.Publish(t.Context(), []driver.Message{{Partition: part(0)}}); err != nil {
		t.Fatal(err)
	}
	wantValue(t, writer, "a", "1")
	wantValue(t, begin(t, s, driver.TxOptions{ReadOnly: true}), "a", "")
	if n, _, err := s.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d messages pending before the commit, error %v", n, err)
	}
	commit(t, writer)
	wantValue(t, before, "a", "")
	wantValue(t, begin(t, s, driver.TxOptions{ReadOnly: true}), "a", "1")
	if n, _, err := s.Pending(t.Context()); err != nil || n != 1 {
		t.Errorf("%d messages pending after the commit, error %v", n, err)
	}
}

func TestWriterWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memory.NewStore(memory.StoreConfig{})
		first := begin(t, s, driver.TxOptions{})
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Begin(soon, driver.TxOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("begin beside a writer: %v", err)
		}
		if err := s.Leave(t.Context(), "member"); err != nil {
			t.Errorf("leave beside a writer: %v", err)
		}
		var second sync.WaitGroup
		second.Go(func() {
			tx := begin(t, s, driver.TxOptions{})
			wantValue(t, tx, "a", "1")
			set(t, tx, "a", "2")
			commit(t, tx)
		})
		synctest.Wait()
		set(t, first, "a", "1")
		commit(t, first)
		second.Wait()
		wantValue(t, begin(t, s, driver.TxOptions{ReadOnly: true}), "a", "2")
	})
}

// TestHeartbeatDoesNotWaitForWriters holds a transaction open for longer than a lease lasts: as long as its member is alive nobody may
// take the lease.
func TestHeartbeatDoesNotWaitForWriters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memory.NewStore(memory.StoreConfig{})
		lease := acquire(t, s, "one")
		tx := begin(t, s, driver.TxOptions{})
		for range 5 {
			time.Sleep(ttl / 2)
			if _, err := s.Heartbeat(t.Context(), "one", ttl); err != nil {
				t.Fatal(err)
			}
		}
		move := driver.Advance{Partition: part(0), Fence: lease.Fence, From: driver.Start, To: at(1)}
		if n, err := tx.Advance(t.Context(), "group", []driver.Advance{move}); n != 1 || err != nil {
			t.Fatalf("moved %d, %v", n, err)
		}
		commit(t, tx)
		if _, ok, err := s.Acquire(t.Context(), "group", part(0), "two", ttl); ok || err != nil {
			t.Errorf("another member took a lease that is held: %t, %v", ok, err)
		}
	})
}

func TestCrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memory.NewStore(memory.StoreConfig{})
		kept := begin(t, s, driver.TxOptions{})
		set(t, kept, "a", "kept")
		commit(t, kept)
		lease := acquire(t, s, "one")
		if _, err := s.Heartbeat(t.Context(), "one", ttl); err != nil {
			t.Fatal(err)
		}
		reader, writer := begin(t, s, driver.TxOptions{ReadOnly: true}), begin(t, s, driver.TxOptions{})
		set(t, writer, "a", "lost")
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := s.Begin(t.Context(), driver.TxOptions{}); !errors.Is(err, driver.ErrClosed) {
				t.Errorf("a transaction that waited to begin got %v", err)
			}
		})
		synctest.Wait()
		s.Crash()
		waiting.Wait()
		wantDead(t, writer)
		if _, err := reader.Held(t.Context(), "group", nil); !errors.Is(err, driver.ErrClosed) {
			t.Errorf("reading in a transaction from before the crash: %v", err)
		}
		wantAfterCrash(t, s, lease)
	})
}

// wantDead checks that nothing comes of a transaction any more.
func wantDead(t *testing.T, tx driver.Tx) {
	t.Helper()
	for what, err := range map[string]error{
		"set":     memory.State(holder{tx}).Set("a", nil),
		"publish": tx.Publish(t.Context(), []driver.Message{{}}),
		"commit":  tx.Commit(t.Context()),
	} {
		if !errors.Is(err, driver.ErrClosed) {
			t.Errorf("%s after the crash: %v", what, err)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Errorf("rollback after the crash: %v", err)
	}
}

// wantAfterCrash checks what a process finds that starts again: what was committed, and a lease that is free but was not given back, even
// though its holder from before tries to give it back now.
func wantAfterCrash(t *testing.T, s *memory.Store, lease driver.Lease) {
	t.Helper()
	tx := begin(t, s, driver.TxOptions{})
	wantValue(t, tx, "a", "kept")
	set(t, tx, "b", "new")
	commit(t, tx)
	if err := s.Release(t.Context(), "group", []driver.Lease{lease}); err != nil {
		t.Fatal(err)
	}
	present, err := s.Heartbeat(t.Context(), "two", ttl)
	if err != nil {
		t.Fatal(err)
	}
	if len(present.Members) != 1 || present.Slots[0].Owner != "" {
		t.Errorf("after the crash there are %v, and %q holds the lease", present.Members, present.Slots[0].Owner)
	}
	if l := acquire(t, s, "two"); !l.Dirty || l.Fence != lease.Fence+1 {
		t.Errorf("the lease is %+v", l)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreConfig{})
	lease := acquire(t, s, "one")
	tx := begin(t, s, driver.TxOptions{})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.Crash()
	wantDead(t, tx)
	_, beginWriting := s.Begin(t.Context(), driver.TxOptions{})
	_, beginReading := s.Begin(t.Context(), driver.TxOptions{ReadOnly: true})
	_, heads := s.Heads(t.Context())
	_, heartbeat := s.Heartbeat(t.Context(), "one", ttl)
	for what, err := range map[string]error{
		"begin": beginWriting, "begin reading": beginReading, "heads": heads, "heartbeat": heartbeat, "leave": s.Leave(t.Context(), "one"),
		"setup": s.Setup(t.Context(), driver.Setup{}), "release": s.Release(t.Context(), "group", []driver.Lease{lease}),
	} {
		if !errors.Is(err, driver.ErrClosed) {
			t.Errorf("%s of a closed store: %v", what, err)
		}
	}
}

func TestFailedTransactionCannotCommit(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreConfig{})
	for name, fail := range map[string]func(driver.Tx) error{
		"park twice": func(tx driver.Tx) error { return tx.Park(t.Context(), "group", make([]driver.Parked, 2)) },
		"repark":     func(tx driver.Tx) error { return tx.Repark(t.Context(), "group", driver.Parked{}) },
		"one token": func(tx driver.Tx) error {
			return tx.Schedule(t.Context(), []driver.Timer{{Token: "a"}, {Token: "a"}})
		},
	} {
		tx := begin(t, s, driver.TxOptions{})
		set(t, tx, "a", "lost")
		failure := fail(tx)
		if failure == nil {
			t.Errorf("%s: no error", name)
		}
		if err := tx.Commit(t.Context()); !errors.Is(err, failure) {
			t.Errorf("%s: commit: %v, want what failed before", name, err)
		}
		wantValue(t, begin(t, s, driver.TxOptions{ReadOnly: true}), "a", "")
	}
}
