package drivertest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/headrace/headrace/driver"
)

func groupCases() []rule[*brokerWorld] {
	return []rule[*brokerWorld]{
		{
			"every-group-gets-everything",
			"promise 2: every group applies every event",
			groupsAll,
		},
		{
			"members-read-beside-each-other",
			"a group's partitions are spread over its members",
			groupMembers,
		},
		{
			"a-partition-changes-hands",
			"rule 18: the new owner goes on at the cursor, whatever the old one had read",
			groupHandover,
		},
		{
			"ack-loses-nothing",
			"the cursor in the store is the truth: an ack that is early, late or repeated must not lose an entry",
			groupAck,
		},
		{
			"a-closed-reader-concerns-no-other",
			"one member stops, the others go on",
			groupClose,
		},
		{
			"a-late-group-starts-where-it-seeks",
			"a group that is new at a broker must find what the stream still has",
			groupLate,
		},
	}
}

func groupsAll(w *brokerWorld) {
	one, two := w.follow(group, orders(0)), w.follow(other, orders(0))
	w.append(batch(orders(0), 1, 3))
	w.wantNext(one, orders(0), 1, 2, 3)
	w.must(one.Ack(w.ctx, []driver.Batch{batch(orders(0), 1, 3)}), "ack")
	w.wantNext(two, orders(0), 1, 2, 3)
}

func groupMembers(w *brokerWorld) {
	const size = 100
	var mu sync.Mutex
	got := map[driver.Partition][]uint64{}
	readers := make([]driver.Reader, 4)
	for n := range readers {
		readers[n] = w.follow(group, orders(n))
	}
	w.each(len(readers)+1, "read and append at once", func(i int) error {
		if i == len(readers) {
			for seq := uint64(1); seq <= size; seq += 10 {
				list := []driver.Batch{batch(orders(0), seq, seq+9), batch(orders(1), seq, seq+9), batch(orders(2), seq, seq+9), batch(orders(3), seq, seq+9)}
				for p, err := range w.broker.Append(w.ctx, list) {
					return fmt.Errorf("%s: %w", p, err)
				}
			}
			return nil
		}
		for n := 0; n < size; {
			batches, err := readers[i].Read(w.ctx, 13, soon)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, b := range batches {
				n += len(b.Entries)
				for _, e := range b.Entries {
					got[b.Partition] = append(got[b.Partition], e.Position.Seq)
				}
			}
			mu.Unlock()
		}
		return nil
	})
	for n := range readers {
		if seqs := got[orders(n)]; len(seqs) != size || !slices.IsSorted(seqs) || len(slices.Compact(seqs)) != size {
			w.Errorf("members got %d entries of %s: want each of %d once and in order", len(seqs), orders(n), size)
		}
	}
}

func groupHandover(w *brokerWorld) {
	w.append(batch(orders(0), 1, 5))
	one, two := w.follow(group, orders(0), orders(1)), w.reader(group)
	w.wantNext(one, orders(0), 1, 2, 3, 4, 5)
	w.must(one.Ack(w.ctx, []driver.Batch{batch(orders(0), 1, 2)}), "ack")
	w.must(one.Leave(w.ctx, orders(0)), "leave")
	w.seek(two, orders(0), at(2))
	w.wantNext(two, orders(0), 3, 4, 5)
	w.must(two.Ack(w.ctx, []driver.Batch{batch(orders(0), 1, 5)}), "ack what another member had read")
	w.append(batch(orders(0), 6, 6), batch(orders(1), 1, 1))
	w.wantNext(two, orders(0), 6)
	w.wantNext(one, orders(1), 1)
}

func groupAck(w *brokerWorld) {
	w.append(batch(orders(0), 1, 6))
	r := w.follow(group, orders(0))
	w.must(r.Ack(w.ctx, []driver.Batch{batch(orders(0), 1, 2)}), "ack what was not read yet")
	got := w.read(r, 3, soon)
	equal(w.world, fmt.Sprint(positions(got[0].Entries)), "[1-1 1-2 1-3]", "the first three entries")
	for range 2 {
		w.must(r.Ack(w.ctx, got), "ack")
	}
	w.must(r.Ack(w.ctx, []driver.Batch{batch(orders(0), 50, 51), batch(orders(3), 1, 1)}), "ack what does not exist")
	w.must(r.Ack(w.ctx, nil), "ack nothing")
	w.wantNext(r, orders(0), 4, 5, 6)
	w.seek(r, orders(0), driver.Start)
	w.wantNext(r, orders(0), 1, 2, 3, 4, 5, 6)
}

func groupClose(w *brokerWorld) {
	one, two := w.follow(group, orders(0)), w.follow(group, orders(1))
	w.must(one.Close(), "close a reader")
	w.append(batch(orders(0), 1, 1), batch(orders(1), 1, 1))
	w.wantNext(two, orders(1), 1)
	w.wantNext(w.follow(group, orders(0)), orders(0), 1)
}

func groupLate(w *brokerWorld) {
	w.append(batch(orders(0), 1, 4))
	w.wantNext(w.follow(group, orders(0)), orders(0), 1, 2, 3, 4)
	late := w.reader("late")
	w.seek(late, orders(0), at(2))
	w.wantNext(late, orders(0), 3, 4)
}
