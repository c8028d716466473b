package headracetest

import (
	"errors"
	"testing"

	"github.com/headrace/headrace"
)

// Handle runs the service's handler for events of a contract and returns what it published, what is delayed last. Several events are handled
// in order and in one transaction; a handler made by [headrace.OnBatch] gets them with one call. The test fails at once if the handler
// fails, or if the service has none.
func Handle[T any](t testing.TB, s *headrace.Service, c headrace.Contract[T], data ...T) []headrace.RawPublished {
	t.Helper()
	published, err := s.Deliver(t.Context(), encode(t, c, data)...)
	if err != nil {
		t.Fatalf("handle %s: %v", c, err)
	}
	return published
}

// HandleError is Handle for a handler that has to fail: it returns the handler's error, to be looked at with errors.Is or
// [headrace.IsPermanent]. Nothing of what the handler did took effect. The test fails at once if the handler succeeds, or if the service
// has none.
func HandleError[T any](t testing.TB, s *headrace.Service, c headrace.Contract[T], data ...T) error {
	t.Helper()
	_, err := s.Deliver(t.Context(), encode(t, c, data)...)
	switch {
	case err == nil:
		t.Fatalf("handle %s: it succeeded, and should have failed", c)
	case errors.Is(err, headrace.ErrNoHandler), s.Check() != nil:
		t.Fatalf("handle %s: %v", c, err)
	}
	return err
}

func encode[T any](t testing.TB, c headrace.Contract[T], data []T) []headrace.RawEvent {
	t.Helper()
	events := make([]headrace.RawEvent, len(data))
	for i, d := range data {
		var err error
		if events[i], err = c.Encode(d); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
	return events
}
