package headracetest

import (
	"testing"

	"github.com/headrace/headrace"
)

// All returns those published events that are of a contract, in order.
func All[T any](t testing.TB, published []headrace.RawPublished, c headrace.Contract[T]) []headrace.Published[T] {
	t.Helper()
	var found []headrace.Published[T]
	for _, p := range published {
		if p.Topic != c.Topic().Name || p.Type != c.Name() {
			continue
		}
		e, err := c.Decode(p.Event)
		if err != nil {
			t.Fatalf("published event %s: %v", p.ID, err)
		}
		found = append(found, headrace.Published[T]{Event: e, Due: p.Due})
	}
	return found
}

// One returns the published event that is of a contract. The test fails at once unless there is exactly one.
func One[T any](t testing.TB, published []headrace.RawPublished, c headrace.Contract[T]) headrace.Published[T] {
	t.Helper()
	found := All(t, published, c)
	if len(found) != 1 {
		t.Fatalf("%d events of %s were published: want 1", len(found), c)
	}
	return found[0]
}
