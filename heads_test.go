package headrace

import (
	"testing"

	"github.com/headrace/headrace/driver"
)

func TestHeadsAreKnownOnlyWhileTheRelayRuns(t *testing.T) {
	t.Parallel()
	p := driver.Partition{Topic: "orders", Number: 3}
	at := func(seq uint64) Position { return Position{Epoch: 1, Seq: seq} }
	batch := func(last uint64) []driver.Batch {
		return []driver.Batch{{Partition: p, Entries: []driver.Entry{{Position: at(last - 1)}, {Position: at(last)}}}, {Partition: p}}
	}
	var h heads
	h.move(batch(5))
	if known, leads := h.all(); leads || len(known) > 0 {
		t.Errorf("before the relay has begun the heads are %v", known)
	}
	h.start(map[driver.Partition]Position{p: at(7)})
	before, leads := h.all()
	if !leads || before[p] != at(7) {
		t.Errorf("at the beginning they are %v, %v", before, leads)
	}
	h.move(batch(9))
	if known, leads := h.all(); !leads || known[p] != at(9) || before[p] != at(7) {
		t.Errorf("after two more events they are %v, %v; before they were %v", known, leads, before)
	}
	h.start(nil)
	h.move(batch(11))
	if known, leads := h.all(); leads || len(known) > 0 {
		t.Errorf("after the relay has stopped they are %v", known)
	}
}
