package headrace_test

import (
	"context"

	"github.com/headrace/headrace"
)

// nothing is a handler that does nothing.
func nothing[T any](context.Context, *headrace.Tx, headrace.Event[T]) error { return nil }
