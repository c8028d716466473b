package memory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// part is a partition of the topic that these tests use.
func part(number int) driver.Partition { return driver.Partition{Topic: "orders", Number: number} }

func at(seq uint64) driver.Position { return driver.Position{Epoch: 1, Seq: seq} }

// events are entries of the first epoch from one number to another.
func events(first, last uint64) []driver.Entry {
	var list []driver.Entry
	for seq := first; seq <= last; seq++ {
		list = append(list, driver.Entry{Position: at(seq), Meta: []byte("meta"), Data: fmt.Append(nil, seq)})
	}
	return list
}

func appendTo(t *testing.T, b *memory.Broker, p driver.Partition, entries ...driver.Entry) {
	t.Helper()
	if failed := b.Append(t.Context(), []driver.Batch{{Partition: p, Entries: entries}}); len(failed) > 0 {
		t.Fatal(failed)
	}
}

// follow opens a reader that stands at the beginning of partitions.
func follow(t *testing.T, b *memory.Broker, partitions ...driver.Partition) driver.Reader {
	t.Helper()
	r, err := b.Reader(t.Context(), "group")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() }) // it never fails
	for _, p := range partitions {
		seek(t, r, p, driver.Start)
	}
	return r
}

func seek(t *testing.T, r driver.Reader, p driver.Partition, after driver.Position) {
	t.Helper()
	if err := r.Seek(t.Context(), p, after); err != nil {
		t.Fatal(err)
	}
}

// wantRead reads what is there now and compares it: every entry is "partition:position".
func wantRead(t *testing.T, r driver.Reader, limit int, want ...string) {
	t.Helper()
	batches, err := r.Read(t.Context(), limit, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range batches {
		for _, e := range b.Entries {
			got = append(got, fmt.Sprintf("%d:%s", b.Partition.Number, e.Position))
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("read %v, want %v", got, want)
	}
}

func wantTop(t *testing.T, b *memory.Broker, p driver.Partition, position driver.Position, data string) {
	t.Helper()
	top, err := b.Top(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if top.Position != position || string(top.Data) != data {
		t.Fatalf("top is %s %q, want %s %q", top.Position, top.Data, position, data)
	}
}

func TestAppendPassesOverWhatIsNotAboveTheTop(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{})
	wantTop(t, b, part(0), driver.Start, "")
	r := follow(t, b, part(0))
	appendTo(t, b, part(0), events(1, 3)...)
	appendTo(t, b, part(0), events(2, 4)...)
	appendTo(t, b, part(0), events(7, 7)...)
	appendTo(t, b, part(0), events(5, 6)...)
	wantRead(t, r, 10, "0:1-1", "0:1-2", "0:1-3", "0:1-4", "0:1-7")
	wantTop(t, b, part(0), at(7), "7")
}

func TestBoundDropsTheOldest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ bound, appended, oldest uint64 }{{5, 12, 8}, {0, 1_300, 301}} {
		b := memory.NewBroker(memory.BrokerConfig{Bound: int(c.bound)})
		r := follow(t, b, part(0))
		for seq := range c.appended {
			appendTo(t, b, part(0), events(seq+1, seq+1)...)
		}
		wantRead(t, r, 1, fmt.Sprintf("0:1-%d", c.oldest))
		seek(t, r, part(0), at(c.oldest-3))
		wantRead(t, r, 1, fmt.Sprintf("0:1-%d", c.oldest))
	}
}

// TestReadersCannotDisturbEachOther shows that a reader's batch stays as it was however much is appended and dropped afterwards, and that
// what the reader appends to it stays its own.
func TestReadersCannotDisturbEachOther(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{Bound: 4})
	r := follow(t, b, part(0))
	appendTo(t, b, part(0), events(1, 3)...)
	batches, err := r.Read(t.Context(), 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	mine := append(batches[0].Entries, driver.Entry{Data: []byte("mine")})
	wantTop(t, b, part(0), at(3), "3")
	b.Inject(part(0), at(2), []byte("forged"))
	b.Drop(part(0), at(1))
	appendTo(t, b, part(0), events(4, 50)...)
	for i, want := range []string{"1", "2", "mine"} {
		if got := string(mine[i].Data); got != want {
			t.Errorf("entry %d became %q, was %q", i, got, want)
		}
	}
	seek(t, r, part(0), at(46))
	wantRead(t, r, 10, "0:1-47", "0:1-48", "0:1-49", "0:1-50")
}

func TestInject(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{})
	r := follow(t, b, part(0))
	appendTo(t, b, part(0), events(1, 1)...)
	appendTo(t, b, part(0), events(4, 4)...)
	b.Inject(part(0), at(9), []byte("ahead"))
	b.Inject(part(0), at(2), []byte("between"))
	b.Inject(part(0), at(4), []byte("instead"))
	wantTop(t, b, part(0), at(9), "ahead")
	appendTo(t, b, part(0), events(5, 10)...)
	batches, err := r.Read(t.Context(), 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range batches[0].Entries {
		got = append(got, fmt.Sprintf("%s %s %s", e.Position, e.Meta, e.Data))
	}
	if want := []string{"1-1 meta 1", "1-2  between", "1-4  instead", "1-9  ahead", "1-10 meta 10"}; !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

func TestDropRemovesOneEntry(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{})
	r := follow(t, b, part(0))
	appendTo(t, b, part(0), events(1, 4)...)
	for _, c := range []struct {
		position driver.Position
		dropped  bool
	}{{at(2), true}, {at(2), false}, {at(4), true}, {at(5), false}, {driver.Start, false}} {
		if b.Drop(part(0), c.position) != c.dropped {
			t.Errorf("Drop(%s) is %t, want %t", c.position, !c.dropped, c.dropped)
		}
	}
	wantTop(t, b, part(0), at(4), "")
	appendTo(t, b, part(0), events(4, 5)...)
	wantRead(t, r, 10, "0:1-1", "0:1-3", "0:1-5")
}

func TestFlushForgetsEverything(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{})
	r := follow(t, b, part(0))
	appendTo(t, b, part(0), events(1, 2)...)
	wantRead(t, r, 1, "0:1-1")
	b.Flush()
	wantTop(t, b, part(0), driver.Start, "")
	wantRead(t, r, 10)
	appendTo(t, b, part(0), events(1, 3)...)
	wantRead(t, r, 10, "0:1-2", "0:1-3")
}

func TestBrokerRefusesWhenClosedOrLate(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{})
	r := follow(t, b, part(0))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	everything := func(ctx context.Context) map[string]error {
		_, top := b.Top(ctx, part(0))
		_, open := b.Reader(ctx, "group")
		_, read := r.Read(ctx, 1, 0)
		failed := b.Append(ctx, []driver.Batch{{Partition: part(0), Entries: events(1, 1)}, {Partition: part(1), Entries: events(1, 1)}})
		return map[string]error{
			"top": top, "reader": open, "read": read, "append to 0": failed[part(0)], "append to 1": failed[part(1)],
			"seek": r.Seek(ctx, part(0), driver.Start), "leave": r.Leave(ctx, part(7)), "ack": r.Ack(ctx, nil),
		}
	}
	for name, err := range everything(ended) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that has ended: error %v", name, err)
		}
	}
	wantTop(t, b, part(1), driver.Start, "")
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range everything(t.Context()) {
		if !errors.Is(err, driver.ErrClosed) {
			t.Errorf("%s of a closed broker: error %v", name, err)
		}
	}
}
