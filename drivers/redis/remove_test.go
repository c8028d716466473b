package redis_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
)

// meet reads until it has met so many entries without metadata, and returns them.
func (w *world) meet(r driver.Reader, count int) []driver.Entry {
	w.Helper()
	var met []driver.Entry
	for len(met) < count {
		batches, err := r.Read(w.ctx, 100, 5*time.Second)
		w.must(err)
		if len(batches) == 0 {
			w.Fatalf("met %d entries that are no events: want %d", len(met), count)
		}
		for _, b := range batches {
			for _, e := range b.Entries {
				if len(e.Meta) == 0 {
					met = append(met, e)
				}
			}
		}
	}
	return met
}

func TestForeignEntriesAreToldApart(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	r := w.follow("billing", 0, 0)
	w.do("XADD %s 1-1 some thing", key(0))
	w.do("XADD %s 1-2 m meta", key(0))
	w.do("XADD %s 1-3 d data m meta", key(0))
	w.do("XADD %s 1-4 m meta d data more fields", key(0))
	want := []string{`{"some":"thing"}`, `{"m":"meta"}`, `{"d":"data","m":"meta"}`, `{"m":"meta","d":"data","more":"fields"}`}
	for i, e := range w.meet(r, 4) {
		if string(e.Data) != want[i] {
			t.Errorf("%s is %s: want %s", e.Position, e.Data, want[i])
		}
	}
}

func TestRemoveUndoesWhatGarbageDid(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.append(entries(0, 1, 3))
	one, two := w.follow("billing", 0, 0), w.follow("shipping", 0, 0)
	w.read(one, 3)
	w.read(two, 3)
	w.do("XADD %s * some thing", key(0))
	w.do("XADD %s 99999999999999999-18446744073709551615 more things", key(0))
	met := w.meet(one, 2)
	w.meet(two, 2)
	w.append(entries(0, 4, 4)) // it is refused, as if it were there
	if top := w.top(0).Position; top != (driver.Position{Epoch: 99999999999999999, Seq: 1<<64 - 1}) {
		t.Fatalf("the garbage does not show: the top is %s", top)
	}
	for _, e := range met {
		w.must(w.broker.Remove(w.ctx, partition(0), []driver.Position{e.Position}))
	}
	if top := w.top(0); top.Position != at(3) || string(top.Data) != "3" {
		t.Errorf("the top is %s with %q: want 1-3", top.Position, top.Data)
	}
	w.append(entries(0, 4, 5))
	w.wantRead(two, "0:1-4", "0:1-5") // without a Seek: the group was set back
	w.must(one.Seek(w.ctx, partition(0), at(3)))
	w.wantRead(one, "0:1-4", "0:1-5")
	if got := w.do("XPENDING %s billing - + 10 owner", key(0)); strings.Contains(got, "99999999999999999") {
		t.Errorf("garbage that was removed is still pending: %s", got)
	}
	w.append(entries(0, 6, 8))
	if groups := w.do("XINFO GROUPS %s", key(0)); strings.Count(groups, "lag:3") != 2 {
		t.Errorf("lag is not 3: %s", groups)
	}
}

func TestRemoveComparesNumbers(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.append(entries(0, 1, 3))
	r := w.follow("billing", 3, 0)
	w.do("XADD %s 1-10 some thing", key(0))
	w.meet(r, 1)
	w.must(w.broker.Remove(w.ctx, partition(0), []driver.Position{at(10)}))
	w.append(entries(0, 4, 4))
	w.wantRead(r, "0:1-4") // without a Seek, though 1-10 as a text comes before 1-3
}

func TestRemoveWhatIsNotTheNewest(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.append(entries(0, 1, 3))
	w.do("XADD %s 1-4 some thing", key(0))
	w.append(entries(0, 5, 6))
	ahead := w.follow("billing", 8, 0) // a cursor can be ahead of a stream
	w.wantNothing(ahead)
	w.must(w.broker.Remove(w.ctx, partition(0), []driver.Position{at(4), {Epoch: 7, Seq: 7}}))
	w.wantRead(w.follow("shipping", 0, 0), "0:1-1", "0:1-2", "0:1-3", "0:1-5", "0:1-6")
	w.append(entries(0, 7, 9))
	w.wantRead(ahead, "0:1-9")
}

func TestRemoveTheLast(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.must(w.broker.Remove(w.ctx, partition(0), []driver.Position{at(1)}))
	w.must(w.broker.Remove(w.ctx, partition(0), nil))
	if top := w.top(0).Position; top != driver.Start {
		t.Errorf("removing from a stream that does not exist makes a top of %s", top)
	}
	id, err := driver.ParsePosition(w.do("XADD %s * some thing", key(0)))
	w.must(err)
	w.must(w.broker.Remove(w.ctx, partition(0), []driver.Position{id}))
	if top := w.top(0).Position; top != driver.Start {
		t.Errorf("the top of a stream that has nothing left is %s", top)
	}
	w.append(entries(0, 1, 2))
	w.wantRead(w.follow("billing", 0, 0), "0:1-1", "0:1-2")
}

// Somebody has deleted what he had added: the entry is gone and its id is not.
func TestRemoveWhatIsGoneAlready(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.append(entries(0, 1, 3))
	id := w.do("XADD %s * some thing", key(0))
	w.do("XDEL %s %s", key(0), id)
	top := w.top(0)
	if top.Position.String() != id || len(top.Meta)+len(top.Data) > 0 {
		t.Fatalf("the top is %s with %q: want %s and nothing", top.Position, top.Data, id)
	}
	w.must(w.broker.Remove(w.ctx, partition(0), []driver.Position{top.Position}))
	w.append(entries(0, 2, 4))
	w.wantRead(w.follow("billing", 2, 0), "0:1-3", "0:1-4")
}

func TestStreamsAreCut(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{Bound: 250})
	w.append(entries(0, 1, 5000))
	kept, err := strconv.Atoi(w.do("XLEN %s", key(0)))
	w.must(err)
	if kept < 250 || kept > 500 {
		t.Errorf("%d entries of 5000 are kept: want 250 and some", kept)
	}
	if newest := w.read(w.follow("billing", 0, 0), kept)[kept-1]; newest != "0:1-5000" {
		t.Errorf("the newest that is kept is %s", newest)
	}
	if got := w.broker.Bound(); got != 250 {
		t.Errorf("Bound is %d", got)
	}
}
