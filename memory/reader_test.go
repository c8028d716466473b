package memory_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

func TestReadersHaveTheirOwnPlaces(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{})
	early, late, other := follow(t, b, part(0)), follow(t, b), follow(t, b, part(1))
	appendTo(t, b, part(0), events(1, 3)...)
	appendTo(t, b, part(1), events(1, 1)...)
	seek(t, late, part(0), at(2))
	wantRead(t, early, 2, "0:1-1", "0:1-2")
	wantRead(t, late, 2, "0:1-3")
	wantRead(t, other, 2, "1:1-1")
	wantRead(t, early, 2, "0:1-3")
	wantRead(t, early, 2)
}

func TestSeekAndLeave(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{})
	r := follow(t, b, part(0), part(1))
	appendTo(t, b, part(0), events(1, 2)...)
	appendTo(t, b, part(1), events(1, 1)...)
	wantRead(t, r, 10, "0:1-1", "0:1-2", "1:1-1")
	seek(t, r, part(0), at(1))
	if err := r.Leave(t.Context(), part(1)); err != nil {
		t.Fatal(err)
	}
	appendTo(t, b, part(1), events(2, 2)...)
	wantRead(t, r, 10, "0:1-2")
	seek(t, r, part(0), at(2))
	seek(t, r, part(1), at(1))
	wantRead(t, r, 10, "1:1-2")
	appendTo(t, b, part(0), driver.Entry{Position: driver.Position{Epoch: 2, Seq: 2}})
	wantRead(t, r, 10, "0:2-2")
}

// TestReadIsFair gives a reader three partitions with more entries than it takes at once: each must be served in turn, and a small one
// must not wait until a big one is empty.
func TestReadIsFair(t *testing.T) {
	t.Parallel()
	b := memory.NewBroker(memory.BrokerConfig{})
	r := follow(t, b, part(0), part(1), part(2))
	appendTo(t, b, part(0), events(1, 100)...)
	appendTo(t, b, part(1), events(1, 3)...)
	appendTo(t, b, part(2), events(1, 1)...)
	wantRead(t, r, 2, "0:1-1", "0:1-2")
	wantRead(t, r, 2, "1:1-1", "1:1-2")
	wantRead(t, r, 2, "2:1-1", "0:1-3")
	wantRead(t, r, 2, "1:1-3", "0:1-4")
	wantRead(t, r, 2, "0:1-5", "0:1-6")
	wantRead(t, r, 0)
}

func TestReadWaits(t *testing.T) {
	t.Parallel()
	endings := map[string]struct {
		end  func(b *memory.Broker, r driver.Reader, cancel func()) error
		want error
		took time.Duration
	}{
		"until an entry comes": {
			end: func(b *memory.Broker, _ driver.Reader, _ func()) error {
				return b.Append(context.Background(), []driver.Batch{{Partition: part(1), Entries: events(1, 1)}})[part(1)]
			},
			took: time.Second,
		},
		"until foreign bytes come": {
			end: func(b *memory.Broker, _ driver.Reader, _ func()) error {
				b.Inject(part(0), at(1), []byte("?"))
				return nil
			},
			took: time.Second,
		},
		"not for a partition it does not follow": {
			end: func(b *memory.Broker, _ driver.Reader, _ func()) error {
				return b.Append(context.Background(), []driver.Batch{{Partition: part(2), Entries: events(1, 1)}})[part(2)]
			},
			took: time.Minute,
		},
		"until its context ends": {
			end:  func(_ *memory.Broker, _ driver.Reader, cancel func()) error { cancel(); return nil },
			want: context.Canceled,
			took: time.Second,
		},
		"until it is closed": {
			end:  func(_ *memory.Broker, r driver.Reader, _ func()) error { return r.Close() },
			want: driver.ErrClosed,
			took: time.Second,
		},
		"until the broker is closed": {
			end:  func(b *memory.Broker, _ driver.Reader, _ func()) error { return b.Close() },
			want: driver.ErrClosed,
			took: time.Second,
		},
	}
	for name, c := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := memory.NewBroker(memory.BrokerConfig{})
				r := follow(t, b, part(0), part(1))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				began := time.Now()
				var ended sync.WaitGroup
				ended.Go(func() {
					time.Sleep(time.Second)
					if err := c.end(b, r, cancel); err != nil {
						t.Error(err)
					}
				})
				batches, err := r.Read(ctx, 10, time.Minute)
				ended.Wait()
				if !errors.Is(err, c.want) || time.Since(began) != c.took {
					t.Errorf("read ended after %v with %v, want %v with %v", time.Since(began), err, c.took, c.want)
				}
				if something := c.want == nil && c.took < time.Minute; (len(batches) > 0) != something {
					t.Errorf("read %v", batches)
				}
			})
		})
	}
}

// TestManyReadersReadEverything lets readers of two groups follow what several writers append at the same time.
func TestManyReadersReadEverything(t *testing.T) {
	t.Parallel()
	const partitions, each = 4, 2_000
	b := memory.NewBroker(memory.BrokerConfig{Bound: each})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for member := range 4 { // two groups of two members, each with half of the partitions
		first := part(member % 2)
		second := part(member%2 + 2)
		r := follow(t, b, first, second)
		all.Go(func() {
			if err := readDense(ctx, r, each, first, second); err != nil {
				t.Error(err)
			}
		})
	}
	for p := range partitions {
		all.Go(func() {
			for seq := uint64(1); seq <= each; seq += 10 {
				if failed := b.Append(ctx, []driver.Batch{{Partition: part(p), Entries: events(seq, seq+9)}}); len(failed) > 0 {
					t.Error(failed)
				}
			}
		})
	}
	all.Wait()
}

// readDense reads until it has seen 1 to last of every partition, and fails on any hole or repetition.
func readDense(ctx context.Context, r driver.Reader, last uint64, partitions ...driver.Partition) error {
	seen := map[driver.Partition]uint64{}
	for seen[partitions[0]] < last || seen[partitions[1]] < last {
		batches, err := r.Read(ctx, 64, time.Minute)
		if err != nil {
			return err
		}
		for _, batch := range batches {
			for _, e := range batch.Entries {
				if e.Position != at(seen[batch.Partition]+1) || string(e.Data) != fmt.Sprint(e.Position.Seq) {
					return fmt.Errorf("%s: read %s %q after %d", batch.Partition, e.Position, e.Data, seen[batch.Partition])
				}
				seen[batch.Partition]++
			}
		}
	}
	return nil
}
