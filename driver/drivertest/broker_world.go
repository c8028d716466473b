package drivertest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
)

// brokerWorld is a fresh broker, with helpers that end the case when something unexpected goes wrong.
type brokerWorld struct {
	*world
	has    Capabilities
	broker driver.Broker
}

func newBrokerWorld(t testing.TB, b Backend) *brokerWorld {
	broker := b.Broker(t)
	return &brokerWorld{world: newWorld(t), has: b.Has, broker: broker}
}

// batch is a run of entries of a partition, from one seq to another.
func batch(p driver.Partition, from, to uint64) driver.Batch {
	b := driver.Batch{Partition: p}
	for seq := from; seq <= to; seq++ {
		b.Entries = append(b.Entries, driver.Entry{
			Position: at(seq),
			Meta:     fmt.Appendf(nil, "about %s %d", p, seq),
			Data:     fmt.Appendf(nil, "%s %d", p, seq),
		})
	}
	return b
}

func (w *brokerWorld) append(batches ...driver.Batch) {
	w.Helper()
	for p, err := range w.broker.Append(w.ctx, batches) {
		w.Fatalf("append to %s: %v", p, err)
	}
}

// reader opens a reader of a group that is closed at the end of the case.
func (w *brokerWorld) reader(group string) driver.Reader {
	w.Helper()
	r, err := w.broker.Reader(w.ctx, group)
	w.must(err, "open a reader")
	w.Cleanup(func() { _ = r.Close() }) // the broker may be closed
	return r
}

// follow opens a reader of a group at the beginning of some partitions.
func (w *brokerWorld) follow(group string, partitions ...driver.Partition) driver.Reader {
	w.Helper()
	r := w.reader(group)
	for _, p := range partitions {
		w.seek(r, p, driver.Start)
	}
	return r
}

func (w *brokerWorld) seek(r driver.Reader, p driver.Partition, after driver.Position) {
	w.Helper()
	w.must(r.Seek(w.ctx, p, after), "seek "+p.String()+" "+after.String())
}

// read reads once and checks what holds for every read.
func (w *brokerWorld) read(r driver.Reader, limit int, wait time.Duration) []driver.Batch {
	w.Helper()
	batches, err := r.Read(w.ctx, limit, wait)
	w.must(err, "read")
	w.sound(batches, limit)
	return batches
}

func (w *brokerWorld) sound(batches []driver.Batch, limit int) {
	w.Helper()
	n := 0
	all := map[driver.Partition][]driver.Entry{}
	for _, b := range batches {
		n += len(b.Entries)
		if len(b.Entries) == 0 {
			w.Errorf("read: there is a batch of %s without entries", b.Partition)
		}
		if all[b.Partition] = append(all[b.Partition], b.Entries...); !rising(all[b.Partition]) {
			w.Errorf("read: entries of %s are not in rising order: %v", b.Partition, positions(all[b.Partition]))
		}
	}
	if n > limit {
		w.Errorf("read: %d entries, at most %d were asked for", n, limit)
	}
}

// collect reads until it has so many entries, and returns their seqs by partition.
func (w *brokerWorld) collect(r driver.Reader, limit, count int) map[driver.Partition][]uint64 {
	w.Helper()
	got := map[driver.Partition][]uint64{}
	for n := 0; n < count; {
		batches := w.read(r, limit, soon)
		if len(batches) == 0 {
			w.Fatalf("read: got %d entries and then none: want %d", n, count)
		}
		for _, b := range batches {
			n += len(b.Entries)
			for _, e := range b.Entries {
				got[b.Partition] = append(got[b.Partition], e.Position.Seq)
			}
		}
	}
	return got
}

// wantNext reads as many entries of a partition as are wanted and compares their seqs.
func (w *brokerWorld) wantNext(r driver.Reader, p driver.Partition, want ...uint64) {
	w.Helper()
	got := w.collect(r, 100, len(want))
	if len(got) != 1 || !slices.Equal(got[p], want) {
		w.Fatalf("read: got %v, want %v of %s", got, want, p)
	}
}

// wantNothing reads what must not be there.
func (w *brokerWorld) wantNothing(r driver.Reader, when string) {
	w.Helper()
	if batches := w.read(r, 100, moment); len(batches) > 0 {
		w.Fatalf("read %s: got %s %v, want nothing", when, batches[0].Partition, positions(batches[0].Entries))
	}
}

func (w *brokerWorld) top(p driver.Partition) driver.Entry {
	w.Helper()
	e, err := w.broker.Top(w.ctx, p)
	w.must(err, "top of "+p.String())
	return e
}

func positions(entries []driver.Entry) []string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Position.String()
	}
	return list
}

// blocked reads in the background, and returns when it is about to do so.
func (w *brokerWorld) blocked(ctx context.Context, r driver.Reader) *call[[]driver.Batch] {
	about := make(chan struct{})
	c := beside(w.world, func() ([]driver.Batch, error) {
		close(about)
		return r.Read(ctx, 100, patience)
	})
	<-about
	return c
}
