package headrace_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/headrace/headrace"
)

// Besides handlers the engine calls other functions of users, and their panics must not end the process either: it would end again and again
// on the same event. In these stories they panic for key a, and b must not notice.

// refuseA refuses key a with an error.
func refuseA(w *world, err error) func(context.Context, *headrace.Tx, headrace.Event[note]) error {
	return func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
		if e.Key == "a" {
			return err
		}
		w.say("%s", e.Key)
		return nil
	}
}

// diesOfA publishes a and b, and checks that b is applied and a is dead for a reason.
func diesOfA(w *world, reason string) {
	w.Helper()
	w.publish("a", 1)
	w.publish("b", 1)
	time.Sleep(time.Minute)
	w.heard("b")
	for _, e := range w.parked(dead) {
		if e.Key != "a" || e.Reason != reason {
			w.Errorf("key %s is dead for %q, want a for %q", e.Key, e.Reason, reason)
		}
	}
}

func TestUpcastThatPanics(t *testing.T) {
	story(t, func(w *world) {
		current := headrace.Define(notes, "note.taken", 2, func(n note) string { return n.ID }, headrace.Upcast(1, func(n note) note {
			if n.ID == "a" {
				panic("upcast")
			}
			return n
		}))
		w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
		w.reader = headrace.NewService(headrace.ServiceConfig{
			Name: "reader", Store: w.read, Handlers: []headrace.Handler{headrace.On(current, refuseA(w, nil))},
		})
		defer w.run(w.writer, w.reader)()
		diesOfA(w, "cannot be decoded")
	})
}

func TestIfThatPanics(t *testing.T) {
	story(t, func(w *world) {
		panics := headrace.Retry{If: func(error) bool { panic("if") }}
		w.on(refuseA(w, errors.New("no")), panics, headrace.Retry{Attempts: 1})
		defer w.start()()
		diesOfA(w, "out of attempts")
	})
}

// carelessError has the well-known mistake: it is returned as an error although it is nil.
type carelessError struct{ text string }

func (e *carelessError) Error() string { return e.text }

func TestErrorThatPanics(t *testing.T) {
	story(t, func(w *world) {
		w.on(refuseA(w, (*carelessError)(nil)), headrace.Retry{Attempts: 1})
		defer w.start()()
		diesOfA(w, "out of attempts")
	})
}
