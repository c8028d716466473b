package drivertest

import (
	"context"
	"errors"
	"time"

	"github.com/headrace/headrace/driver"
)

func readCases() []rule[*brokerWorld] {
	return []rule[*brokerWorld]{
		{
			"in-order-over-many-partitions",
			"order within a partition is all that a broker promises, and what everything rests on",
			readOrder,
		},
		{
			"only-what-was-sought",
			"a reader follows what its member owns; what it reads beside that, the owner misses",
			readFollowed,
		},
		{
			"seek-goes-back",
			"after a failed batch or a takeover the reader is set to the cursor: what was read is delivered again",
			readBack,
		},
		{
			"seek-goes-forward",
			"after a read of history the reader is set beyond what it has delivered",
			readForward,
		},
		{
			"seek-waits-for-what-will-come",
			"a cursor can be ahead of a broker that forgot everything",
			readAhead,
		},
		{
			"leave-forgets-a-partition",
			"a partition that was handed over belongs to another member",
			readLeave,
		},
		{
			"wakes-when-something-is-appended",
			"the time from commit to handler is a millisecond only if a blocked read wakes at once",
			readWakes,
		},
		{
			"returns-nothing-when-the-wait-is-over",
			"on silence the engine compares its cursor with the head: it must get its turn",
			readWait,
		},
		{
			"ends-with-its-context",
			"a stop must not hang on a blocking read",
			readEnds,
		},
		{
			"a-cancelled-read-swallows-nothing",
			"a blocked call that was given up must not take the next entry with it",
			readSwallows,
		},
		{
			"starves-no-partition",
			"one busy partition must not keep the others of its reader waiting",
			readFair,
		},
		{
			"ends-when-the-broker-is-closed",
			"whoever starts it waits for it: a reader that hangs keeps the process from stopping",
			readClosed,
		},
	}
}

func readOrder(w *brokerWorld) {
	const size = 150
	for from := uint64(1); from <= size; from += 50 {
		w.append(batch(orders(0), from, from+49), batch(orders(1), from, from+49), batch(orders(2), from, from+49))
	}
	r := w.follow(group, orders(0), orders(1), orders(2))
	for p, seqs := range w.collect(r, 7, 3*size) {
		for i, seq := range seqs {
			if seq != uint64(i+1) {
				w.Fatalf("entry %d of %s has seq %d", i+1, p, seq)
			}
		}
	}
	w.wantNothing(r, "after everything")
}

func readFollowed(w *brokerWorld) {
	w.append(batch(orders(0), 1, 3), batch(orders(1), 1, 3))
	r := w.reader(group)
	w.wantNothing(r, "without having sought anything")
	w.seek(r, orders(1), at(1))
	w.wantNext(r, orders(1), 2, 3)
	w.append(batch(orders(0), 4, 4), batch(orders(1), 4, 4))
	w.wantNext(r, orders(1), 4)
	w.wantNothing(r, "after everything of the partition that was sought")
}

func readBack(w *brokerWorld) {
	w.append(batch(orders(0), 1, 5))
	r := w.follow(group, orders(0))
	w.wantNext(r, orders(0), 1, 2, 3, 4, 5)
	w.must(r.Ack(w.ctx, []driver.Batch{batch(orders(0), 1, 4)}), "ack")
	w.seek(r, orders(0), at(2))
	w.wantNext(r, orders(0), 3, 4, 5)
	w.seek(r, orders(0), driver.Start)
	w.wantNext(r, orders(0), 1, 2, 3, 4, 5)
	w.wantNothing(r, "after everything")
}

func readForward(w *brokerWorld) {
	w.append(batch(orders(0), 1, 5))
	r := w.follow(group, orders(0))
	w.seek(r, orders(0), at(3))
	w.wantNext(r, orders(0), 4, 5)
	w.seek(r, orders(0), at(8))
	w.append(batch(orders(0), 6, 10))
	w.wantNext(r, orders(0), 9, 10)
}

func readAhead(w *brokerWorld) {
	r := w.reader(group)
	w.seek(r, orders(0), at(5))
	w.append(batch(orders(0), 4, 7))
	w.wantNext(r, orders(0), 6, 7)
}

func readLeave(w *brokerWorld) {
	w.append(batch(orders(0), 1, 2), batch(orders(1), 1, 2))
	r := w.follow(group, orders(0), orders(1))
	w.collect(r, 100, 4)
	w.must(r.Leave(w.ctx, orders(0)), "leave")
	w.must(r.Leave(w.ctx, orders(3)), "leave what was not followed")
	w.append(batch(orders(0), 3, 3), batch(orders(1), 3, 3))
	w.wantNext(r, orders(1), 3)
	w.wantNothing(r, "of a partition that was left")
	w.seek(r, orders(0), at(1))
	w.wantNext(r, orders(0), 2, 3)
}

func readWakes(w *brokerWorld) {
	r := w.follow(group, orders(0), orders(1))
	for seq := range uint64(5) {
		c := w.blocked(w.ctx, r)
		w.append(batch(orders(1), seq+1, seq+1))
		batches, err := c.wait(w.world, "a blocked read after an append")
		w.must(err, "a blocked read")
		if len(batches) != 1 || batches[0].Partition != orders(1) || batches[0].Entries[0].Position != at(seq+1) {
			w.Fatalf("a blocked read returned %v, want 1-%d of %s", batches, seq+1, orders(1))
		}
	}
}

func readWait(w *brokerWorld) {
	r := w.follow(group, orders(0))
	begun := driver.SystemClock()
	w.wantNothing(r, "of an empty partition")
	if took := driver.SystemClock().Sub(begun); took < moment/2 {
		w.Errorf("a read that may wait %v returned nothing after %v", moment, took)
	}
	if batches := w.read(r, 100, 0); len(batches) > 0 {
		w.Errorf("a read of an empty partition returned %d batches", len(batches))
	}
	w.append(batch(orders(0), 1, 1))
	if batches := w.read(r, 100, 0); len(batches) > 1 {
		w.Errorf("a read of one partition returned %d batches", len(batches))
	}
}

func readEnds(w *brokerWorld) {
	r := w.follow(group, orders(0))
	ctx, cancel := context.WithCancel(w.ctx)
	c := w.blocked(ctx, r)
	cancel()
	_, err := c.wait(w.world, "a blocked read whose context has ended")
	w.wantError(err, context.Canceled, "a blocked read whose context has ended")
	w.append(batch(orders(0), 1, 1))
	w.wantNext(r, orders(0), 1)
	_, err = r.Read(w.ended(), 100, patience)
	w.wantError(err, context.Canceled, "a read with a context that has ended")
}

// readSwallows gives up a read at the moment when something arrives. The entry must be in that read's answer or in the next one's.
func readSwallows(w *brokerWorld) {
	r := w.follow(group, orders(0))
	for seq := range uint64(30) {
		ctx, cancel := context.WithTimeout(w.ctx, time.Duration(seq%6)*200*time.Microsecond)
		c := w.blocked(ctx, r)
		w.append(batch(orders(0), seq+1, seq+1))
		batches, err := c.wait(w.world, "a read that is given up")
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			w.Fatalf("a read that was given up: %v", err)
		}
		if err == nil && len(batches) == 1 && batches[0].Entries[0].Position == at(seq+1) {
			continue
		}
		w.wantNext(r, orders(0), seq+1)
	}
}

func readFair(w *brokerWorld) {
	const limit, turns = 10, 20
	w.append(batch(orders(0), 1, limit*turns*2), batch(orders(1), 1, 1))
	r := w.follow(group, orders(0), orders(1))
	for range turns {
		for _, b := range w.read(r, limit, soon) {
			if b.Partition == orders(1) {
				return
			}
		}
	}
	w.Errorf("after %d reads of %d entries a quiet partition has had no turn beside a busy one", turns, limit)
}

func readClosed(w *brokerWorld) {
	r := w.follow(group, orders(0))
	c := w.blocked(w.ctx, r)
	w.must(w.broker.Close(), "close")
	_, err := c.wait(w.world, "a blocked read of a broker that was closed")
	w.wantError(err, driver.ErrClosed, "a blocked read of a broker that was closed")
	_, err = w.broker.Top(w.ctx, orders(0))
	w.wantError(err, driver.ErrClosed, "top after Close")
}
