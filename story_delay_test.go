package headrace_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// delay publishes a note for later and returns its token.
func delay(w *world, id string, n int, by time.Duration) (token string) {
	w.Helper()
	err := w.writer.In(w.Context(), func(_ context.Context, tx *headrace.Tx) error {
		return noted.Publish(tx, note{ID: id, N: n}, headrace.After(by), headrace.Token(&token))
	})
	if err != nil {
		w.Fatal(err)
	}
	return token
}

// cancel takes a delayed note back and checks whether that was in time.
func cancel(w *world, token string, inTime bool) {
	w.Helper()
	err := w.writer.In(w.Context(), func(ctx context.Context, tx *headrace.Tx) error {
		ok, err := tx.Cancel(ctx, token)
		if ok != inTime {
			w.Errorf("cancel: in time %v, want %v", ok, inTime)
		}
		return err
	})
	if err != nil {
		w.Error(err)
	}
}

func TestDelayedEventsComeWhenTheyAreDueAndInThatOrder(t *testing.T) {
	story(t, func(w *world) {
		listen(w)
		defer w.start()()
		delay(w, "a", 3, 10*time.Second)
		delay(w, "a", 2, 5*time.Second)
		w.publish("a", 1)
		time.Sleep(5*time.Second - time.Millisecond)
		w.heard("a1")
		time.Sleep(100 * time.Millisecond)
		w.heard("a2")
		time.Sleep(5 * time.Second)
		w.heard("a3")
	})
}

func TestDelayedEventsAreTakenBackOrItIsTooLate(t *testing.T) {
	story(t, func(w *world) {
		listen(w)
		stop := w.start()
		early, late := delay(w, "a", 1, 10*time.Second), delay(w, "a", 2, 5*time.Second)
		time.Sleep(6 * time.Second)
		cancel(w, early, true)
		cancel(w, late, false)
		cancel(w, early, false)
		time.Sleep(10 * time.Second)
		w.heard("a2")
		delay(w, "a", 3, 5*time.Second)
		stop()
		time.Sleep(time.Minute) // it falls due while nobody is there
		defer w.start()()
		time.Sleep(time.Second)
		w.heard("a3")
	})
}

func TestLiveListenersHearWhatWasNumbered(t *testing.T) {
	story(t, func(w *world) {
		live := memory.NewLive()
		ears, err := live.Subscribe(headrace.LiveSubject(notes.Name, "*"), 100)
		if err != nil {
			w.Fatal(err)
		}
		slow, err := live.Subscribe(">", 1)
		if err != nil {
			w.Fatal(err)
		}
		w.live = live
		w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		stop := w.run(w.writer)
		w.publish("a", 1, 2, 3)
		time.Sleep(time.Second)
		stop()
		if err := live.Close(); err != nil {
			w.Error(err)
		}
		var got []string
		for m := range ears.Messages() {
			e, err := headrace.DecodeLive(m)
			if err != nil {
				w.Error(err)
			}
			got = append(got, fmt.Sprintf("%s %s %s %s", m.Subject, e.Position, e.Key, e.Data))
		}
		want := []string{
			`event.notes.note-taken 1-1 a {"id":"a","n":1}`,
			`event.notes.note-taken 1-2 a {"id":"a","n":2}`,
			`event.notes.note-taken 1-3 a {"id":"a","n":3}`,
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			w.Errorf("heard %q, want %q", got, want)
		}
		if ears.Lost() || !slow.Lost() {
			w.Errorf("lost: %v and %v", ears.Lost(), slow.Lost())
		}
	})
}

// TestHandlersMayWriteIntoWhatTheyGet is about bytes that the journal, the stream and other groups share.
func TestHandlersMayWriteIntoWhatTheyGet(t *testing.T) {
	story(t, func(w *world) {
		var calls atomic.Int64
		w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		w.reader = headrace.NewService(headrace.ServiceConfig{Name: "reader", Store: w.read, Handlers: []headrace.Handler{
			headrace.OnTopic(notes, func(_ context.Context, _ *headrace.Tx, events []headrace.RawEvent) error {
				for _, e := range events {
					w.say("%s", e.Data)
					clear(e.Data)
				}
				if calls.Add(1) == 1 {
					return errors.New("again")
				}
				return nil
			}),
		}})
		defer w.run(w.writer, w.reader)()
		w.publish("a", 1)
		time.Sleep(time.Second)
		w.heard(`{"id":"a","n":1}`, `{"id":"a","n":1}`)
		page, err := w.written.ReadJournal(w.Context(), partitionOf("a"), driver.Start, 1, 1)
		if err != nil || !json.Valid(page.Entries[0].Data) {
			w.Errorf("the journal has %q (%v)", page.Entries[0].Data, err)
		}
	})
}

// TestKeysThatNoDatabaseTakes is an event that somebody put on the stream by other means.
func TestKeysThatNoDatabaseTakes(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(context.Context, *headrace.Tx, headrace.Event[note]) error { return errors.New("no") }, headrace.Retry{Attempts: 1})
		meta := `{"id":"1","topic":"notes","type":"note.taken","version":1,"key":"a\u0000","time":"2026-01-01T00:00:00Z"}`
		w.broker.Append(w.Context(), []driver.Batch{{Partition: partitionOf("a"), Entries: []driver.Entry{
			{Position: driver.Start.Next(), Meta: []byte(meta), Data: []byte("{}")},
		}}})
		stop := w.apart()
		time.Sleep(5 * time.Second)
		w.parked()
		w.bit(headrace.ForeignFound, 1)
		stop()
	})
}
