package headrace

import (
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

func TestOneLookDoesForAllWorkers(t *testing.T) {
	t.Parallel()
	now, v, asked := time.Unix(1000, 0), &vacancy{}, 0
	look := func(trust, vacant bool) time.Time {
		t.Helper()
		_, at, err := v.look(func() time.Time { return now }, trust, func() (driver.ParkedSummary, error) {
			asked++
			return driver.ParkedSummary{Vacant: vacant}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	wants := func(n int, why string) {
		t.Helper()
		if asked != n {
			t.Errorf("the store was asked %d times, want %d: %s", asked, n, why)
		}
	}
	look(true, false)
	look(true, true)
	wants(2, "the first look found something")
	first := now
	now = now.Add(parkedCheck - 1)
	if at := look(true, true); !at.Equal(first) {
		t.Errorf("what was seen at %v is said to be of %v", first, at)
	}
	wants(2, "the vacancy is not old")
	look(false, false)
	wants(3, "a worker who knows of something does not trust")
	look(true, true)
	wants(4, "something was parked since")
	now = now.Add(parkedCheck)
	look(true, true)
	wants(5, "the vacancy is old")
}

// TestVacancyOfBeforeIsNotTrusted has a worker that has parked an event since another one saw that there were none.
func TestVacancyOfBeforeIsNotTrusted(t *testing.T) {
	t.Parallel()
	store := memory.NewStore(memory.StoreConfig{})
	s := NewService(ServiceConfig{Name: "billing", Store: store})
	w := newWorker(s, nil, nil, nil, nil)
	id := driver.Partition{Topic: "orders"}
	w.partitions[id] = &partition{id: id}
	for _, parked := range []bool{false, true} {
		if parked {
			tx, err := store.Begin(t.Context(), driver.TxOptions{})
			if err == nil {
				err = tx.Park(t.Context(), s.name, []driver.Parked{{Partition: id, Key: "k", State: driver.Dead, Holds: true}})
			}
			if err == nil {
				err = tx.Commit(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			w.partitions[id].holding = true // as whoever parks takes note
		}
		if _, err := w.lookForParked(t.Context(), []driver.Partition{id}); err != nil {
			t.Fatal(err)
		}
		if w.partitions[id].holding != parked {
			t.Errorf("the partition holds keys: %v, want %v", w.partitions[id].holding, parked)
		}
	}
}
