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
	if head, ok := h.get(p); ok {
		t.Errorf("before the relay has begun the head is %s", head)
	}
	h.start(map[driver.Partition]Position{p: at(7)})
	if head, ok := h.get(p); !ok || head != at(7) {
		t.Errorf("at the beginning it is %s, %v", head, ok)
	}
	h.move(batch(9))
	if head, ok := h.get(p); !ok || head != at(9) {
		t.Errorf("after two more events it is %s, %v", head, ok)
	}
	if head, ok := h.get(driver.Partition{Topic: "orders", Number: 4}); ok {
		t.Errorf("of an unknown partition it is %s", head)
	}
	h.start(nil)
	h.move(batch(11))
	if head, ok := h.get(p); ok {
		t.Errorf("after the relay has stopped it is %s", head)
	}
}
