package headrace_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type letter struct{ To, Text string }

var (
	letters       = headrace.Topic{Name: "letters", Partitions: 4}
	letterSent    = headrace.Define(letters, "letter.sent", 1, func(l letter) string { return l.To })
	lettersOfMore = headrace.Define(headrace.Topic{Name: "letters", Partitions: 8}, "letter.sent", 1, func(l letter) string { return l.To })
	answered      = headrace.Define(headrace.Topic{Name: "answers"}, "letter.answered", 1, func(l letter) string { return l.To })
	treeGrown     = headrace.Define(letters, "tree.grown", 1, func(any) string { return "tree" })
	unencodable   = headrace.Define(letters, "letter.lost", 1, func(func()) string { return "k" })
)

// frame is how many bytes a letter to "a" is in JSON beside its text.
const frame = len(`{"To":"a","Text":""}`)

// tree is a value whose JSON is nested as deep as said.
func tree(depth int) any {
	if depth == 0 {
		return 1
	}
	return []any{tree(depth - 1)}
}

func postOffice(handlers ...headrace.Handler) (*headrace.Service, *memory.Store) {
	store := memory.NewStore(memory.StoreConfig{})
	return headrace.NewService(headrace.ServiceConfig{
		Name: "post", Store: store, Owns: []headrace.Topic{letters}, Handlers: handlers,
	}), store
}

// TestPublishRefuses also shows that the transaction goes on: what is published afterwards is all that comes of it.
func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	text := func(n int) letter { return letter{To: "a", Text: strings.Repeat("x", n)} }
	key := func(n int) letter { return letter{To: strings.Repeat("k", n)} }
	for name, c := range map[string]struct {
		publish func(*headrace.Tx) error
		want    error  // nil: it is accepted, unless there is a text
		text    string // in the error
	}{
		"a topic of others":   {func(tx *headrace.Tx) error { return answered.Publish(tx, letter{To: "a"}) }, headrace.ErrNotOwned, `service "post", topic "answers"`},
		"other partitions":    {func(tx *headrace.Tx) error { return lettersOfMore.Publish(tx, letter{To: "a"}) }, headrace.ErrPartitions, `"letters" with 4, the contract says 8`},
		"no key":              {func(tx *headrace.Tx) error { return letterSent.Publish(tx, letter{}) }, headrace.ErrNoKey, "letters/letter.sent.v1"},
		"a key at the limit":  {func(tx *headrace.Tx) error { return letterSent.Publish(tx, key(headrace.MaxKeySize)) }, nil, ""},
		"a key above it":      {func(tx *headrace.Tx) error { return letterSent.Publish(tx, key(headrace.MaxKeySize+1)) }, headrace.ErrTooLarge, "key of 513 bytes"},
		"a key that is bytes": {func(tx *headrace.Tx) error { return letterSent.Publish(tx, letter{To: "\xff"}) }, nil, `key "\xff"`},
		"data at the limit":   {func(tx *headrace.Tx) error { return letterSent.Publish(tx, text(headrace.MaxDataSize-frame)) }, nil, ""},
		"data above it":       {func(tx *headrace.Tx) error { return letterSent.Publish(tx, text(headrace.MaxDataSize-frame+1)) }, headrace.ErrTooLarge, "data of 1048577 bytes"},
		"depth at the limit":  {func(tx *headrace.Tx) error { return treeGrown.Publish(tx, tree(headrace.MaxDepth)) }, nil, ""},
		"depth above it":      {func(tx *headrace.Tx) error { return treeGrown.Publish(tx, tree(headrace.MaxDepth+1)) }, headrace.ErrTooDeep, "letters/tree.grown.v1"},
		"no JSON":             {func(tx *headrace.Tx) error { return unencodable.Publish(tx, func() {}) }, nil, "letters/letter.lost.v1"},
		"no contract": {func(tx *headrace.Tx) error {
			return headrace.Define[letter](letters, "l", 1, nil).Publish(tx, letter{})
		}, headrace.ErrNoKey, `contract "l"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, store := postOffice()
			want := 1
			err := s.In(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
				err := c.publish(tx)
				switch {
				case c.want == nil && c.text == "":
					if want++; err != nil {
						t.Errorf("refused: %v", err)
					}
				case err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text):
					t.Errorf("got %v, want %v with %q", err, c.want, c.text)
				}
				return letterSent.Publish(tx, letter{To: "b"})
			})
			if n, _, pendingErr := store.Pending(t.Context()); n != want || err != nil || pendingErr != nil {
				t.Errorf("%d events were published, want %d; %v, %v", n, want, err, pendingErr)
			}
		})
	}
}

func TestPublishReadOnly(t *testing.T) {
	t.Parallel()
	s, _ := postOffice()
	err := s.View(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		if err := letterSent.Publish(tx, letter{To: "a"}); !errors.Is(err, headrace.ErrReadOnly) {
			t.Errorf("got %v, want %v", err, headrace.ErrReadOnly)
		}
		return nil
	})
	if err != nil {
		t.Errorf("reading goes on: %v", err)
	}
}

func TestPublishInABatchNeedsACause(t *testing.T) {
	t.Parallel()
	var second string
	s, _ := postOffice(headrace.OnBatch(answered, func(_ context.Context, tx *headrace.Tx, events []headrace.Event[letter]) error {
		second = events[1].ID
		if err := letterSent.Publish(tx, events[0].Data); !errors.Is(err, headrace.ErrNoCause) {
			t.Errorf("without a cause: %v, want %v", err, headrace.ErrNoCause)
		}
		return letterSent.Publish(tx, events[1].Data, headrace.CausedBy(events[1].Metadata))
	}))
	one, two := answerTo(t, "a"), answerTo(t, "b")
	one.CorrelationID, two.CorrelationID = "c-1", "c-2"
	published, err := s.Deliver(t.Context(), one, two)
	if err != nil || len(published) != 1 {
		t.Fatalf("%d events, %v", len(published), err)
	}
	if e := published[0]; e.CausationID != second || e.CorrelationID != "c-2" || e.Key != "b" {
		t.Errorf("published %+v: want what the second event caused", e.Metadata)
	}
}

func TestPublishInABatchOfOneHasItsCause(t *testing.T) {
	t.Parallel()
	s, _ := postOffice(headrace.OnBatch(answered, func(_ context.Context, tx *headrace.Tx, events []headrace.Event[letter]) error {
		return letterSent.Publish(tx, events[0].Data)
	}))
	e := answerTo(t, "a")
	e.ID = "e-1"
	if published, err := s.Deliver(t.Context(), e); err != nil || len(published) != 1 || published[0].CausationID != "e-1" {
		t.Errorf("published %+v, %v", published, err)
	}
}

func TestWhatAnEventCarries(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))
	s := headrace.NewService(headrace.ServiceConfig{
		Name: "post", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{letters},
		Clock: func() time.Time { return now },
		Handlers: []headrace.Handler{headrace.On(answered, func(_ context.Context, tx *headrace.Tx, e headrace.Event[letter]) error {
			return errors.Join(letterSent.Publish(tx, e.Data), letterSent.Publish(tx, e.Data, headrace.CausedBy(headrace.Metadata{ID: "x", CorrelationID: "y"})))
		})},
	})
	e := answerTo(t, "a")
	e.ID, e.CorrelationID, e.TraceParent, e.TraceState = "e-1", "c-1", "00-1-2-01", "v=1"
	published, err := s.Deliver(t.Context(), e)
	if err != nil || len(published) != 2 {
		t.Fatalf("%d events, %v", len(published), err)
	}
	got := published[0].Metadata
	want := headrace.Metadata{
		ID: got.ID, Topic: "letters", Type: "letter.sent", Version: 1, Key: "a", Partition: letters.Partition("a"),
		Time: time.Date(2026, 3, 1, 11, 0, 0, 123456000, time.UTC), Source: "post",
		CorrelationID: "c-1", CausationID: "e-1", TraceParent: "00-1-2-01", TraceState: "v=1",
	}
	if got != want || len(got.ID) != 36 || got.ID[14] != '7' || string(published[0].Data) != `{"To":"a","Text":""}` {
		t.Errorf("got  %+v with %s\nwant %+v", got, published[0].Data, want)
	}
	if other := published[1].Metadata; other.CausationID != "x" || other.CorrelationID != "y" || other.ID == got.ID {
		t.Errorf("with another cause: %+v", other)
	}
}

func TestWhatAnOutsideRequestSetsOff(t *testing.T) {
	t.Parallel()
	s, store := postOffice()
	send := func(tx *headrace.Tx) error {
		return errors.Join(letterSent.Publish(tx, letter{To: "a"}), letterSent.Publish(tx, letter{To: "a"}))
	}
	err := s.In(headrace.WithCorrelation(t.Context(), "r-1"), func(_ context.Context, tx *headrace.Tx) error { return send(tx) })
	if err == nil {
		err = s.In(t.Context(), func(_ context.Context, tx *headrace.Tx) error { return send(tx) })
	}
	if err != nil {
		t.Fatal(err)
	}
	all := numbered(t, store, letters, "a")
	for i, m := range all {
		want := "r-1"
		if i >= 2 {
			want = m.ID
		}
		if m.CorrelationID != want || m.CausationID != "" || m.Position != (headrace.Position{Epoch: 1, Seq: uint64(i + 1)}) {
			t.Errorf("event %d: correlation %q, cause %q, position %s: want %q, none", i+1, m.CorrelationID, m.CausationID, m.Position, want)
		}
	}
	if len(all) != 4 {
		t.Errorf("%d events, want 4", len(all))
	}
}

// answerTo is an event that the post office gets from others.
func answerTo(t *testing.T, to string) headrace.RawEvent {
	t.Helper()
	e, err := answered.Encode(letter{To: to})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
