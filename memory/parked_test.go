package memory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// TestParkedEventIsFoundInItsNewestStateOnly changes one event again and again: no way of looking for it may still know an older state.
func TestParkedEventIsFoundInItsNewestStateOnly(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := memory.NewStore(memory.StoreConfig{Clock: func() time.Time { return now }})
	past, soon := now.Add(-time.Minute), now.Add(time.Minute)
	event := driver.Parked{Partition: part(0), Entry: driver.Entry{Position: at(1)}, Key: "key"}
	is := func(state driver.ParkState, holds bool, due time.Time) driver.Parked {
		event.State, event.Holds, event.Due = state, holds, due
		return event
	}
	repark := func(e driver.Parked) func(driver.Tx) error {
		return func(tx driver.Tx) error { return tx.Repark(t.Context(), "group", e) }
	}
	for _, step := range []struct {
		do   func(driver.Tx) error
		want string // due, Next, whether the partition holds, the waiting of the key, the held keys
	}{
		{func(tx driver.Tx) error {
			return tx.Park(t.Context(), "group", []driver.Parked{is(driver.Retrying, true, past)})
		}, "1 never true 0 1"},
		{repark(is(driver.Retrying, true, soon)), "0 soon true 0 1"},
		{repark(is(driver.Waiting, true, soon)), "0 never true 1 1"},
		{repark(is(driver.Waiting, false, soon)), "0 never false 1 0"},
		{repark(is(driver.Discarding, false, past)), "1 never false 0 0"},
		{repark(is(driver.Dead, true, past)), "0 never true 0 1"},
		{repark(is(driver.Retrying, true, past)), "1 never true 0 1"},
		{func(tx driver.Tx) error {
			return tx.Unpark(t.Context(), "group", part(0), []driver.Position{at(1), at(2)})
		}, "0 never false 0 0"},
	} {
		tx := begin(t, s, driver.TxOptions{})
		if err := step.do(tx); err != nil {
			t.Fatal(err)
		}
		commit(t, tx)
		if got := lookForParked(t, s, soon); got != step.want {
			t.Errorf("found %s, want %s", got, step.want)
		}
	}
}

// lookForParked looks for parked events in every way there is.
func lookForParked(t *testing.T, s *memory.Store, soon time.Time) string {
	t.Helper()
	due, err := s.DueParked(t.Context(), "group", []driver.Partition{part(0)}, 10)
	if err != nil {
		t.Fatal(err)
	}
	tx := begin(t, s, driver.TxOptions{ReadOnly: true})
	queue, err := tx.Queue(t.Context(), "group", part(0), "key", 10)
	if err != nil {
		t.Fatal(err)
	}
	held, err := tx.Held(t.Context(), "group", map[driver.Partition][]string{part(0): {"key", "other"}})
	if err != nil {
		t.Fatal(err)
	}
	next := map[time.Time]string{{}: "never", soon: "soon"}[due.Next]
	return fmt.Sprintf("%d %s %t %d %d", len(due.Due), next, due.Holding[part(0)], len(queue), len(held[part(0)]))
}

func TestForeignOfOneTimeNewestFirst(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreConfig{})
	tx := begin(t, s, driver.TxOptions{})
	items := []driver.Foreign{{Position: at(1)}, {Position: at(2)}, {Position: at(3)}}
	if err := tx.AddForeign(t.Context(), "group", items); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	list, err := s.ListForeign(t.Context(), "group", 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Position != at(3) || list[1].Position != at(2) {
		t.Errorf("listed %v", list)
	}
}

// TestTryOfNoPosition takes back the mark of a try that ended without an answer about the event.
func TestTryOfNoPosition(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreConfig{})
	lease := acquire(t, s, "one")
	for _, step := range []struct {
		position driver.Position
		tries    int
	}{{at(1), 1}, {at(1), 2}, {driver.Position{}, 0}, {driver.Position{}, 0}, {at(1), 1}} {
		tries, err := s.Try(t.Context(), "group", lease, step.position)
		if err != nil || tries != step.tries {
			t.Errorf("try of %s: %d, %v, want %d", step.position, tries, err, step.tries)
		}
	}
}
