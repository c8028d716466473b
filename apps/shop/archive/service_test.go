package archive

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/archive/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
)

var anything = headrace.Topic{Name: "anything"}

func newArchive(t *testing.T, d *storetest.Database) *Archive {
	t.Helper()
	return New(d.Open(t, Schema), Settings{Topics: []headrace.Topic{anything}})
}

// event is the n-th, about one of two keys, in one of two business transactions.
func event(n int) headrace.RawEvent {
	return headrace.RawEvent{
		Metadata: headrace.Metadata{
			ID: fmt.Sprintf("event-%03d", n), Topic: anything.Name, Type: "thing.happened", Version: 7, Key: fmt.Sprintf("key-%d", n%2),
			Position: headrace.Position{Epoch: 1, Seq: uint64(n)}, Time: time.UnixMicro(int64(n)), CorrelationID: fmt.Sprintf("correlation-%d", n%3),
			CausationID: "cause", Source: "somebody",
		},
		Data: []byte(fmt.Sprintf(`{"n":%d}`, n)),
	}
}

func (a *Archive) mustDeliver(t *testing.T, events ...headrace.RawEvent) {
	t.Helper()
	if _, err := a.Service.Deliver(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

func testKeepsEachEventOnce(t *testing.T, d *storetest.Database) {
	a := newArchive(t, d)
	var all []headrace.RawEvent
	for n := range 250 {
		all = append(all, event(n+1))
	}
	a.mustDeliver(t, all...)
	a.mustDeliver(t, all[100:]...) // again
	found, err := a.History(t.Context(), contract.History{Key: "key-0", Limit: 1000})
	if err != nil || len(found.Events) != 125 {
		t.Fatalf("%d events of one key, %v", len(found.Events), err)
	}
	if !slices.IsSortedFunc(found.Events, func(x, y contract.Event) int { return x.Time.Compare(y.Time) }) {
		t.Error("events are not in the order in which they were published")
	}
	if got := found.Events[0]; got.ID != "event-002" || got.Position != "1-2" || got.Partition != anything.Partition("key-0") || got.Version != 7 ||
		got.CausationID != "cause" || got.Source != "somebody" || string(got.Data) != `{"n":2}` || !got.Time.Equal(time.UnixMicro(2)) {
		t.Errorf("event: %+v", got)
	}
}

func testTimeline(t *testing.T, d *storetest.Database) {
	a := newArchive(t, d)
	a.mustDeliver(t, event(4), event(1), event(2), event(3))
	found, err := a.Timeline(t.Context(), contract.Timeline{CorrelationID: "correlation-1"})
	if err != nil || len(found.Events) != 2 || found.Events[0].ID != "event-001" || found.Events[1].ID != "event-004" {
		t.Errorf("timeline: %+v, %v", found.Events, err)
	}
	if found, err := a.Timeline(t.Context(), contract.Timeline{CorrelationID: "correlation-1", Limit: 1}); err != nil || len(found.Events) != 1 {
		t.Errorf("timeline of one: %d events, %v", len(found.Events), err)
	}
	if found, err := a.History(t.Context(), contract.History{Key: "key-1", Topic: "another"}); err != nil || len(found.Events) != 0 {
		t.Errorf("history on another topic: %d events, %v", len(found.Events), err)
	}
}
