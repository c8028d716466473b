package sqlstore_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
)

// Heartbeats wait for a transaction that numbers, and what it takes is in memory: with a thousand of the largest events both would be too long.
func TestNumberTakesNoMoreThanSomeBytes(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "service.db")})
	must(err)
	defer func() { must(store.Close()) }()
	must(store.Setup(t.Context(), driver.Setup{Service: "orders", Owns: []driver.TopicSize{{Topic: "orders", Partitions: 1}}}))
	must(store.EnsureCursors(t.Context(), driver.RelayGroup, map[driver.Partition]driver.Position{driver.RelayLease: driver.Start}))
	lease, _, err := store.Acquire(t.Context(), driver.RelayGroup, driver.RelayLease, "me", time.Hour)
	must(err)

	const events, size = 10, 1 << 20
	message := driver.Message{Partition: driver.Partition{Topic: "orders"}, Key: "key", Data: bytes.Repeat([]byte("d"), size)} // Meta is nil: NULL has no length
	tx, err := store.Begin(t.Context(), driver.TxOptions{})
	must(err)
	for range events {
		must(tx.Publish(t.Context(), []driver.Message{message}))
	}
	must(tx.Commit(t.Context()))

	for seq, more := uint64(0), true; more; {
		numbered, err := store.Number(t.Context(), lease.Fence, 1000)
		must(err)
		more = numbered.More
		for _, b := range numbered.Batches {
			if len(b.Entries) > 4 {
				t.Errorf("%d events of a megabyte were numbered at once, want 4 at most", len(b.Entries))
			}
			for _, e := range b.Entries {
				if seq++; e.Position.Seq != seq {
					t.Fatalf("numbered %d, want %d", e.Position.Seq, seq)
				}
			}
		}
		if !more && seq != events {
			t.Errorf("%d events were numbered when there were no more, want %d", seq, events)
		}
	}
}
