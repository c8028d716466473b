package drivertest

import (
	"errors"
	"slices"
	"strings"

	"github.com/headrace/headrace/driver"
)

func appendCases() []rule[*brokerWorld] {
	return []rule[*brokerWorld]{
		{
			"delivers-entries-as-they-were",
			"metadata and data are the engine's: a broker that changes a byte makes an event foreign",
			appendBytes,
		},
		{
			"passes-over-what-is-there",
			"promises 8 and 9: after a lost reply or a pause the relay appends again, and nothing may come twice or out of order",
			appendAgain,
		},
		{
			"passes-over-only-the-old-part",
			"a relay that starts again from an older top appends what is there together with what is new",
			appendOverlap,
		},
		{
			"accepts-a-hole",
			"what is missing on the stream is read from history; a broker that waits for it stops the partition",
			appendHole,
		},
		{
			"accepts-a-new-epoch",
			"rule 7: after a restored journal positions go on in a later epoch",
			appendEpoch,
		},
		{
			"keeps-large-positions",
			"a seq beyond 2^53 must not become a rounded float on its way",
			appendLarge,
		},
		{
			"keeps-order-when-two-append",
			"promise 8: a paused relay wakes up beside its successor",
			appendRace,
		},
		{
			"names-the-partitions-that-failed",
			"the relay starts again from the top of those, and only of those",
			appendNames,
		},
		{
			"removes-what-is-no-event",
			"rule 4: foreign bytes far ahead make the stream refuse every event that comes after them",
			appendRemoves,
		},
		{
			"top-is-the-newest-entry",
			"the relay compares it with the head: to append again what was lost, and to find out that a journal was restored",
			appendTop,
		},
		{
			"bound-is-as-declared",
			"whether what a broker lost is appended again decides what readers wait for",
			appendBound,
		},
	}
}

func appendBytes(w *brokerWorld) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	want := []driver.Entry{
		{Position: at(1), Meta: all, Data: slices.Clone(all)},
		{Position: at(2), Meta: []byte("{}"), Data: []byte(strings.Repeat("x", 1<<20))},
		{Position: at(3), Meta: []byte("{}"), Data: nil},
	}
	w.append(driver.Batch{Partition: orders(0), Entries: want})
	r := w.follow(group, orders(0))
	var got []driver.Entry
	for len(got) < len(want) {
		batches := w.read(r, 100, soon)
		if len(batches) != 1 || batches[0].Partition != orders(0) {
			w.Fatalf("read: got %d batches, want one of %s", len(batches), orders(0))
		}
		got = append(got, batches[0].Entries...)
	}
	for i, e := range got {
		if e.Position != want[i].Position || string(e.Meta) != string(want[i].Meta) || string(e.Data) != string(want[i].Data) {
			w.Errorf("entry %d (%s) came with other bytes than were appended", i+1, e.Position)
		}
	}
}

func appendAgain(w *brokerWorld) {
	w.append(batch(orders(0), 1, 5))
	r := w.follow(group, orders(0))
	w.wantNext(r, orders(0), 1, 2, 3, 4, 5)
	again := batch(orders(0), 2, 5)
	for i := range again.Entries {
		again.Entries[i].Data = []byte("another")
	}
	w.append(again)
	w.wantNothing(r, "after the same positions were appended again")
	w.append(batch(orders(0), 6, 6))
	w.wantNext(r, orders(0), 6)
	w.seek(r, orders(0), at(1))
	for _, e := range w.read(r, 100, soon)[0].Entries {
		if string(e.Data) == "another" {
			w.Errorf("%s was replaced by what was appended later", e.Position)
		}
	}
}

func appendOverlap(w *brokerWorld) {
	w.append(batch(orders(0), 1, 3), batch(orders(1), 1, 1))
	w.append(batch(orders(0), 2, 5), batch(orders(1), 1, 2))
	r := w.follow(group, orders(0))
	w.wantNext(r, orders(0), 1, 2, 3, 4, 5)
	r = w.follow(other, orders(1))
	w.wantNext(r, orders(1), 1, 2)
}

func appendHole(w *brokerWorld) {
	w.append(batch(orders(0), 1, 2))
	w.append(batch(orders(0), 7, 8))
	r := w.follow(group, orders(0))
	w.wantNext(r, orders(0), 1, 2, 7, 8)
	w.append(batch(orders(0), 3, 4))
	w.wantNothing(r, "after a hole below the top was appended")
}

func appendEpoch(w *brokerWorld) {
	w.append(batch(orders(0), 1, 9))
	second := batch(orders(0), 4, 5)
	for i := range second.Entries {
		second.Entries[i].Position.Epoch = 2
	}
	w.append(second)
	w.append(batch(orders(0), 10, 11)) // of the old epoch: a paused relay
	r := w.follow(group, orders(0))
	w.wantNext(r, orders(0), 1, 2, 3, 4, 5, 6, 7, 8, 9, 4, 5)
	w.wantNothing(r, "after an old epoch was appended")
	equal(w.world, w.top(orders(0)).Position, driver.Position{Epoch: 2, Seq: 5}, "top")
}

func appendLarge(w *brokerWorld) {
	const big = 1<<53 + 1
	w.append(batch(orders(0), big-1, big-1))
	w.append(batch(orders(0), big, big+1))
	r := w.reader(group)
	w.seek(r, orders(0), at(big-1))
	w.wantNext(r, orders(0), big, big+1)
	equal(w.world, w.top(orders(0)).Position, at(big+1), "top")
}

func appendRace(w *brokerWorld) {
	const steps, size = 30, 10
	w.each(3, "append the same entries at once", func(int) error {
		for n := range uint64(steps) {
			for _, err := range w.broker.Append(w.ctx, []driver.Batch{batch(orders(0), n*size+1, n*size+size)}) {
				return err
			}
		}
		return nil
	})
	r := w.follow(group, orders(0))
	got := w.collect(r, 1000, steps*size)[orders(0)]
	for i, seq := range got {
		if seq != uint64(i+1) {
			w.Fatalf("entry %d has seq %d: want each once and in order", i+1, seq)
		}
	}
	w.wantNothing(r, "after everything")
}

func appendNames(w *brokerWorld) {
	failed := w.broker.Append(w.ended(), []driver.Batch{batch(orders(0), 1, 1), batch(orders(1), 1, 1)})
	for _, p := range []driver.Partition{orders(0), orders(1)} {
		if failed[p] == nil {
			w.Errorf("append with a context that has ended: %s is not among the partitions that failed", p)
		}
	}
	equal(w.world, len(w.broker.Append(w.ctx, nil)), 0, "partitions that failed, of none")
	w.append(batch(orders(0), 1, 2)) // whether or not the first came through
	w.wantNext(w.follow(group, orders(0)), orders(0), 1, 2)
	w.must(w.broker.Close(), "close")
	if failed := w.broker.Append(w.ctx, []driver.Batch{batch(orders(2), 1, 1)}); !errors.Is(failed[orders(2)], driver.ErrClosed) {
		w.Errorf("append after Close: the error of %s is %v; want %v", orders(2), failed[orders(2)], driver.ErrClosed)
	}
}

// appendRemoves puts bytes that are no event far ahead of the next event's place, and takes them away again.
func appendRemoves(w *brokerWorld) {
	garbage := func(seq uint64) driver.Batch {
		return driver.Batch{Partition: orders(0), Entries: []driver.Entry{{Position: at(seq), Data: []byte("garbage")}}}
	}
	remove := func(seqs ...uint64) {
		w.Helper()
		var positions []driver.Position
		for _, seq := range seqs {
			positions = append(positions, at(seq))
		}
		w.must(w.broker.Remove(w.ctx, orders(0), positions), "remove")
	}
	remove(1, 2) // there is nothing yet
	w.append(batch(orders(0), 1, 2), garbage(50))
	r := w.follow(group, orders(0))
	w.wantNext(r, orders(0), 1, 2, 50)
	remove(50)
	equal(w.world, w.top(orders(0)).Position, at(2), "top when what was beyond it is removed")
	w.seek(r, orders(0), at(2))
	w.append(batch(orders(0), 3, 4))
	w.wantNext(r, orders(0), 3, 4)
	w.append(garbage(5), batch(orders(0), 6, 6))
	remove(5, 50)
	equal(w.world, w.top(orders(0)).Position, at(6), "top when what was below it is removed")
	w.wantNext(w.follow(other, orders(0)), orders(0), 1, 2, 3, 4, 6)
}

func appendTop(w *brokerWorld) {
	if e := w.top(orders(0)); e.Position != driver.Start && !e.Position.IsZero() || len(e.Meta)+len(e.Data) > 0 {
		w.Errorf("top of a partition that never had an entry is %s with %d bytes", e.Position, len(e.Meta)+len(e.Data))
	}
	w.append(batch(orders(0), 1, 3), batch(orders(1), 1, 7))
	w.append(batch(orders(0), 1, 2))
	want := batch(orders(0), 3, 3).Entries[0]
	e := w.top(orders(0))
	equal(w.world, e.Position, want.Position, "position of the top")
	equal(w.world, string(e.Meta), string(want.Meta), "metadata of the top")
	equal(w.world, string(e.Data), string(want.Data), "data of the top")
	equal(w.world, w.top(orders(1)).Position, at(7), "top of the other partition")
	w.sameTops(orders(0), orders(1), orders(2))
}

// sameTops compares what a broker that tells many tops at once says with what it says of each.
func (w *brokerWorld) sameTops(partitions ...driver.Partition) {
	w.Helper()
	many, ok := w.broker.(driver.TopsReader)
	if !ok {
		return
	}
	tops, err := many.Tops(w.ctx, partitions)
	w.must(err, "tops")
	for _, p := range partitions {
		equal(w.world, show(tops[p]), show(w.top(p)), "top of "+p.String()+" among others")
		equal(w.world, string(tops[p].Meta), string(w.top(p).Meta), "its metadata")
	}
	equal(w.world, len(tops), len(partitions), "number of tops")
}

func appendBound(w *brokerWorld) {
	bound := w.broker.Bound()
	equal(w.world, bound > 0, w.has.Reappend, "Bound is above 0")
	if bound < 0 {
		w.Errorf("Bound is %d", bound)
	}
}
