package redis_test

import (
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

const benchBatch = 256

// BenchmarkAppend appends in batches; an operation is one entry.
func BenchmarkAppend(b *testing.B) {
	broker := newBroker(b, redis.BrokerConfig{URL: testserver.Redis(b).URL()})
	fill(b, broker, 1, 1) // connects
	b.ResetTimer()
	fill(b, broker, 2, uint64(b.N)+1)
}

// BenchmarkRead reads and acknowledges in batches; an operation is one entry.
func BenchmarkRead(b *testing.B) {
	broker := newBroker(b, redis.BrokerConfig{URL: testserver.Redis(b).URL(), Bound: 10_000_000})
	fill(b, broker, 1, uint64(b.N))
	r, err := broker.Reader(b.Context(), "billing")
	if err == nil {
		err = r.Seek(b.Context(), partition(0), driver.Start)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for n := 0; n < b.N; {
		batches, err := r.Read(b.Context(), benchBatch, time.Second)
		if err != nil {
			b.Fatal(err)
		}
		for _, batch := range batches {
			n += len(batch.Entries)
		}
		if err := r.Ack(b.Context(), batches); err != nil {
			b.Fatal(err)
		}
	}
}

// fill appends entries of partition 0 in batches.
func fill(b *testing.B, broker *redis.Broker, from, to uint64) {
	for ; from <= to; from += benchBatch {
		for _, err := range broker.Append(b.Context(), []driver.Batch{entries(0, from, min(from+benchBatch-1, to))}) {
			b.Fatal(err)
		}
	}
}
