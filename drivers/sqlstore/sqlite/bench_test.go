package sqlite

import (
	"bytes"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
)

const (
	benchPartitions = 16
	benchGroup      = "billing"
)

// openBench opens a store whose service owns the topic "orders" and follows it.
func openBench(b *testing.B) (*sqlstore.Store, uint64) {
	store, err := Open(b.Context(), Config{Path: filepath.Join(b.TempDir(), "service.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	topic := []driver.TopicSize{{Topic: "orders", Partitions: benchPartitions}}
	cursors := map[driver.Partition]driver.Position{}
	for n := range benchPartitions {
		cursors[driver.Partition{Topic: "orders", Number: n}] = driver.Start
	}
	relay := map[driver.Partition]driver.Position{driver.RelayLease: driver.Start}
	must(b, store.Setup(b.Context(), driver.Setup{Service: "orders", Owns: topic, Follows: topic}))
	must(b, store.EnsureCursors(b.Context(), benchGroup, cursors))
	must(b, store.EnsureCursors(b.Context(), driver.RelayGroup, relay))
	l, _, err := store.Acquire(b.Context(), driver.RelayGroup, driver.RelayLease, "me", 1e12)
	must(b, err)
	return store, l.Fence
}

// benchMessages are events of the size that is usual: 611 bytes of which 306 are data, over all partitions.
func benchMessages(n int) []driver.Message {
	list := make([]driver.Message, n)
	for i := range list {
		list[i] = driver.Message{
			Partition: driver.Partition{Topic: "orders", Number: i * 7 % benchPartitions}, Key: "key" + strconv.Itoa(i),
			Meta: bytes.Repeat([]byte("m"), 305), Data: bytes.Repeat([]byte("d"), 306),
		}
	}
	return list
}

func benchPublish(b *testing.B, store *sqlstore.Store, messages []driver.Message) {
	tx, err := store.Begin(b.Context(), driver.TxOptions{})
	must(b, err)
	must(b, tx.Publish(b.Context(), messages))
	must(b, tx.Commit(b.Context()))
}

func perEvent(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*b.N), "µs/event")
}

func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			store, _ := openBench(b)
			messages := benchMessages(n)
			for b.Loop() {
				benchPublish(b, store, messages)
			}
			perEvent(b, n)
		})
	}
}

func BenchmarkNumber(b *testing.B) {
	for _, n := range []int{0, 10, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			store, fence := openBench(b)
			messages := benchMessages(n)
			for b.Loop() {
				if n > 0 {
					b.StopTimer()
					benchPublish(b, store, messages)
					b.StartTimer()
				}
				numbered, err := store.Number(b.Context(), fence, 1000)
				must(b, err)
				if got := len(numbered.Batches); got != min(n, benchPartitions) {
					b.Fatalf("numbered %d batches", got)
				}
			}
			perEvent(b, max(n, 1))
		})
	}
}

func BenchmarkReadJournal(b *testing.B) {
	store, fence := openBench(b)
	for range 16 {
		benchPublish(b, store, benchMessages(1000))
		_, err := store.Number(b.Context(), fence, 1000)
		must(b, err)
	}
	for _, n := range []int{0, 256} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				page, err := store.ReadJournal(b.Context(), driver.Partition{Topic: "orders", Number: 3}, driver.Position{Epoch: 1, Seq: 300}, n, 1<<20)
				must(b, err)
				if len(page.Entries) != n {
					b.Fatalf("read %d entries", len(page.Entries))
				}
			}
			perEvent(b, max(n, 1))
		})
	}
}

func BenchmarkAdvance(b *testing.B) {
	for _, n := range []int{1, 16} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			store, _ := openBench(b)
			moves := make([]driver.Advance, n)
			for i := range moves {
				moves[i].Partition = driver.Partition{Topic: "orders", Number: i}
				moves[i].From = driver.Start
			}
			for b.Loop() {
				tx, err := store.Begin(b.Context(), driver.TxOptions{})
				must(b, err)
				for i := range moves {
					moves[i].To = moves[i].From.Next()
				}
				moved, err := tx.Advance(b.Context(), benchGroup, moves)
				must(b, err)
				if moved != n {
					b.Fatalf("moved %d", moved)
				}
				must(b, tx.Commit(b.Context()))
				for i := range moves {
					moves[i].From = moves[i].To
				}
			}
		})
	}
}

func BenchmarkHeld(b *testing.B) {
	for _, parked := range []int{0, 1000} {
		b.Run(strconv.Itoa(parked), func(b *testing.B) {
			store, _ := openBench(b)
			keys := map[driver.Partition][]string{}
			for _, m := range benchMessages(256) {
				keys[m.Partition] = append(keys[m.Partition], m.Key)
			}
			tx, err := store.Begin(b.Context(), driver.TxOptions{})
			must(b, err)
			for i, m := range benchMessages(parked) {
				must(b, tx.Park(b.Context(), benchGroup, []driver.Parked{{
					Partition: m.Partition, Entry: driver.Entry{Position: driver.Position{Epoch: 1, Seq: uint64(i + 1)}, Meta: m.Meta, Data: m.Data},
					Key: "parked" + strconv.Itoa(i), State: driver.Dead, Holds: true,
				}}))
			}
			must(b, tx.Commit(b.Context()))
			tx, err = store.Begin(b.Context(), driver.TxOptions{})
			must(b, err)
			for b.Loop() {
				held, err := tx.Held(b.Context(), benchGroup, keys)
				must(b, err)
				if len(held) > 0 {
					b.Fatal("held")
				}
			}
			must(b, tx.Rollback(b.Context()))
		})
	}
}

func BenchmarkHeartbeat(b *testing.B) {
	store, _ := openBench(b)
	for b.Loop() {
		_, err := store.Heartbeat(b.Context(), "me", 1e12)
		must(b, err)
	}
}
