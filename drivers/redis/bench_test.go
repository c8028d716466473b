package redis_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
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

// BenchmarkMemory is what an entry takes of the server's memory, by the size of its data; its metadata are those of an order.
func BenchmarkMemory(b *testing.B) {
	for _, size := range []int{100, 1_000, 10_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			server := testserver.Redis(b)
			broker := newBroker(b, redis.BrokerConfig{URL: server.URL(), Bound: 1_000_000})
			const count = 20_000
			for b.Loop() {
				server.Do("FLUSHALL")
				for from := uint64(1); from <= count; from += benchBatch {
					for _, err := range broker.Append(b.Context(), []driver.Batch{ordersOf(from, min(from+benchBatch-1, count), size)}) {
						b.Fatal(err)
					}
				}
			}
			used, err := strconv.Atoi(strings.Trim(server.Do("MEMORY USAGE headrace:{0}:orders:0 SAMPLES 0"), ":"))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(used)/count, "B/entry")
			b.ReportMetric(float64(len(ordersOf(1, 1, size).Entries[0].Meta)), "B/meta")
		})
	}
}

// ordersOf are events as a service publishes them, with ids of orders and data that do not repeat.
func ordersOf(from, to uint64, size int) driver.Batch {
	batch := driver.Batch{Partition: partition(0)}
	for seq := from; seq <= to; seq++ {
		data := make([]byte, size*3/4)
		for i := range data {
			data[i] = byte(rand.Uint32())
		}
		text := []byte(base64.StdEncoding.EncodeToString(data))
		batch.Entries = append(batch.Entries, driver.Entry{Position: at(seq), Meta: metadataOf(seq), Data: text})
	}
	return batch
}

// metadataOf is metadata as a service writes them.
func metadataOf(seq uint64) []byte {
	id := func() string {
		return fmt.Sprintf("019ac%03x-%04x-7%03x-b%03x-%012x", rand.N(1<<12), rand.N(1<<16), rand.N(1<<12), rand.N(1<<12), rand.N(int64(1)<<48))
	}
	return fmt.Appendf(nil, `{"id":"%s","topic":"orders","type":"order.placed","version":1,"key":"A-%d","time":"2026-11-26T12:00:00.%09dZ",`+
		`"correlation":"%s","source":"orders"}`, id(), seq, rand.N(1_000_000_000), id())
}

// fill appends entries of partition 0 in batches.
func fill(b *testing.B, broker *redis.Broker, from, to uint64) {
	for ; from <= to; from += benchBatch {
		for _, err := range broker.Append(b.Context(), []driver.Batch{entries(0, from, min(from+benchBatch-1, to))}) {
			b.Fatal(err)
		}
	}
}
