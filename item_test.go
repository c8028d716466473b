package headrace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

type tune struct{ Name string }

var (
	tunes      = Topic{Name: "tunes", Partitions: 2}
	tunePlayed = Define(tunes, "tune.played", 2, func(t tune) string { return t.Name })
)

func readerOf(t *testing.T, handlers ...Handler) *Service {
	t.Helper()
	s := NewService(ServiceConfig{Name: "reader", Store: memory.NewStore(memory.StoreConfig{}), Handlers: handlers})
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

// entryOf is an entry of the first partition of tunes, with a change to its metadata.
func entryOf(t *testing.T, data string, change func(*Metadata)) driver.Entry {
	t.Helper()
	m := Metadata{ID: "1", Topic: "tunes", Type: "tune.played", Version: 2, Key: "k"}
	change(&m)
	encoded, err := encodeMetadata(m)
	if err != nil {
		t.Fatal(err)
	}
	return driver.Entry{Position: Position{Epoch: 1, Seq: 7}, Meta: encoded, Data: []byte(data)}
}

func TestReadSaysWhatAnEntryIs(t *testing.T) {
	t.Parallel()
	byType := readerOf(t, On(tunePlayed, func(context.Context, *Tx, Event[tune]) error { return nil }))
	whole := readerOf(t, OnTopic(tunes, func(context.Context, *Tx, []RawEvent) error { return nil }))
	for name, c := range map[string]struct {
		data         string
		change       func(*Metadata)
		want, wholly itemKind // for a handler of the type, and for one of the topic
		reason       string
	}{
		"for the handler":      {`{"Name":"x"}`, func(*Metadata) {}, handle, handle, ""},
		"another type":         {`{}`, func(m *Metadata) { m.Type = "tune.sold" }, pass, handle, ""},
		"a newer version":      {`{}`, func(m *Metadata) { m.Version = 3 }, hopeless, handle, "unknown version"},
		"an older one":         {`{}`, func(m *Metadata) { m.Version = 1 }, hopeless, handle, "unknown version"},
		"data that is no JSON": {`{`, func(*Metadata) {}, hopeless, handle, "cannot be decoded"},
		"data too deep":        {nested(MaxDepth + 1), func(*Metadata) {}, hopeless, handle, "cannot be decoded"},
		"newer, of other type": {`{`, func(m *Metadata) { m.Type, m.Version = "tune.sold", 9 }, pass, handle, ""},
		"another topic":        {`{}`, func(m *Metadata) { m.Topic = "songs" }, foreign, foreign, ""},
		"no key":               {`{}`, func(m *Metadata) { m.Key = "" }, foreign, foreign, ""},
	} {
		p := &partition{id: driver.Partition{Topic: "tunes"}}
		it := byType.read(p, entryOf(t, c.data, c.change))
		if it.kind != c.want || it.kind == hopeless && it.reason() != c.reason || it.kind == foreign && it.err == nil {
			t.Errorf("%s: by type it is %d, %v, want %d %q", name, it.kind, it.err, c.want, c.reason)
		}
		if it := whole.read(p, entryOf(t, c.data, c.change)); it.kind != c.wholly {
			t.Errorf("%s: by topic it is %d, %v, want %d", name, it.kind, it.err, c.wholly)
		}
	}
}

func TestReadKeepsTheEventAsItWas(t *testing.T) {
	t.Parallel()
	s := readerOf(t, OnTopic(tunes, func(context.Context, *Tx, []RawEvent) error { return nil }))
	it := s.read(&partition{id: driver.Partition{Topic: "tunes", Number: 1}}, entryOf(t, `{"Name":"x"}`, func(m *Metadata) { m.Version = 9 }))
	e, ok := it.value.(RawEvent)
	if !ok || string(e.Data) != `{"Name":"x"}` || e.Version != 9 || e.Partition != 1 || e.Position != (Position{Epoch: 1, Seq: 7}) {
		t.Errorf("the handler would get %+v", it.value)
	}
}

// TestDecodeAgainGivesAFreshValue is about a handler that changes what it was given, and fails.
func TestDecodeAgainGivesAFreshValue(t *testing.T) {
	t.Parallel()
	list := Define(tunes, "tune.listed", 1, func(map[string]int) string { return "k" })
	s := readerOf(t, On(list, func(context.Context, *Tx, Event[map[string]int]) error { return nil }))
	items := []item{s.read(&partition{id: driver.Partition{Topic: "tunes"}}, entryOf(t, `{"a":1}`, func(m *Metadata) { m.Type, m.Version = "tune.listed", 1 }))}
	items[0].value.(Event[map[string]int]).Data["a"] = 2
	redecode(items)
	if got := items[0].value.(Event[map[string]int]).Data["a"]; got != 1 {
		t.Errorf("the second attempt would see %d, want 1", got)
	}
}

// TestRunLength reads runs: a letter is an event for the handler of that letter, which is a batch handler if it is a capital; "-" is one that
// nobody wants, "!" one that cannot be read, and a letter with "*" has a key that is held.
func TestRunLength(t *testing.T) {
	t.Parallel()
	handlers := map[byte]*Handler{'A': {batch: true}, 'B': {batch: true}, 'a': {}, '!': {batch: true}}
	for text, want := range map[string]int{
		"A": 1, "AAA": 3, "AAB": 2, "AA-A": 2, "AA!A": 2, "AA*A": 1, "AAA*": 2, "ABA": 1, "AAa": 2,
		"a": 1, "aaa": 1, "aA": 1,
	} {
		held := keySet{}
		var items []item
		for i := range len(text) {
			if text[i] == '*' {
				held.add(items[len(items)-1].partition.id, items[len(items)-1].meta.Key)
				continue
			}
			it := item{partition: &partition{}, handler: handlers[text[i]], meta: Metadata{Key: fmt.Sprint(i)}}
			switch text[i] {
			case '-':
				it.kind = pass
			case '!':
				it.kind, it.handler = hopeless, handlers['A']
			}
			items = append(items, it)
		}
		if got := runLength(items, held); got != want {
			t.Errorf("%s: one call takes %d, want %d", text, got, want)
		}
	}
}

func TestRunLengthGoesOnOverPartitions(t *testing.T) {
	t.Parallel()
	h := &Handler{batch: true}
	one, two := &partition{id: driver.Partition{Topic: "tunes"}}, &partition{id: driver.Partition{Topic: "tunes", Number: 1}}
	items := []item{{partition: one, handler: h}, {partition: two, handler: h}, {partition: one, handler: h}}
	if got := runLength(items, nil); got != 3 {
		t.Errorf("one call takes %d of 3", got)
	}
	held := keySet{}
	held.add(two.id, "k")
	items[0].meta.Key, items[2].meta.Key = "k", "k"
	if got := runLength(items, held); got != 3 {
		t.Errorf("a key that is held in another partition ends the run: one call takes %d of 3", got)
	}
}

func TestMovesAreOnePerPartition(t *testing.T) {
	t.Parallel()
	at := func(seq uint64) Position { return Position{Epoch: 1, Seq: seq} }
	one := &partition{id: driver.Partition{Topic: "tunes"}, lease: driver.Lease{Fence: 3, Cursor: at(4)}}
	two := &partition{id: driver.Partition{Topic: "tunes", Number: 1}, lease: driver.Lease{Fence: 8, Cursor: at(0)}}
	step := func(p *partition, seq uint64) item { return item{partition: p, entry: driver.Entry{Position: at(seq)}} }
	got := moves([]item{step(one, 5), step(one, 6), step(one, 7), step(two, 1)})
	want := []driver.Advance{
		{Partition: one.id, Fence: 3, From: at(4), To: at(7)},
		{Partition: two.id, Fence: 8, From: at(0), To: at(1)},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := moves(nil); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestDescribeNamesTheCall(t *testing.T) {
	t.Parallel()
	played, whole := On(tunePlayed, func(context.Context, *Tx, Event[tune]) error { return nil }), OnTopic(tunes, func(context.Context, *Tx, []RawEvent) error { return nil })
	items := []item{{meta: Metadata{ID: "1"}}, {meta: Metadata{ID: "2"}}}
	c := (&Service{name: "reader"}).describe(&played, items, 3)
	if c.Service != "reader" || c.Handler != "tunes/tune.played" || c.Attempt != 3 || len(c.Events) != 2 || c.Events[1].ID != "2" {
		t.Errorf("got %+v", c)
	}
	if got := whole.name(); got != "tunes" {
		t.Errorf("a handler of a topic is called %q", got)
	}
}

func TestProtect(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	if err := protect(func() error { return plain }); !errors.Is(err, plain) {
		t.Errorf("an error becomes %v", err)
	}
	if err := protect(func() error { return nil }); err != nil {
		t.Errorf("no error becomes %v", err)
	}
	err := protect(func() error {
		var e *item
		return e.err
	})
	if p, ok := errors.AsType[*PanicError](err); !ok || !strings.Contains(err.Error(), "nil pointer") || !strings.Contains(string(p.Stack), "item_test.go") {
		t.Errorf("a panic becomes %v", err)
	}
	if _, ok := errors.AsType[*PanicError](protect(func() error { panic(nil) })); !ok {
		t.Error("panic(nil) is not noticed")
	}
}
