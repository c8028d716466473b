package headrace

import (
	"context"
	"runtime/debug"
)

// call runs a handler once for items that it takes together.
func (s *Service) call(ctx context.Context, tx *Tx, items []item, attempt int) error {
	h := items[0].handler
	events := make([]any, len(items))
	for i, it := range items {
		events[i] = it.value
	}
	first := &items[0].meta
	view := tx.forEvent(first)
	if len(items) > 1 {
		view.cause, view.inBatch = nil, true
	}
	ctx, cancel := context.WithTimeout(WithCorrelation(ctx, first.CorrelationID), h.policy.timeout)
	defer cancel()
	defer func() { tx.out.late = tx.out.late || ctx.Err() != nil }()
	run := func(ctx context.Context) error { return protect(func() error { return h.call(ctx, view, events) }) }
	if hook := s.env.Load().hooks.Handle; hook != nil {
		return hook(ctx, s.describe(h, items, attempt), run)
	}
	return run(ctx)
}

func (s *Service) describe(h *Handler, items []item, attempt int) HandlerCall {
	c := HandlerCall{Service: s.name, Handler: h.name(), Attempt: attempt, Events: make([]Metadata, len(items))}
	for i, it := range items {
		c.Events[i] = it.meta
	}
	return c
}

// protect turns a panic into an error, also one that comes only when the error is asked for its text: the classic nil pointer that became an
// error would otherwise end the process where it is parked.
func protect(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	if err = fn(); err != nil {
		_ = err.Error()
	}
	return err
}
