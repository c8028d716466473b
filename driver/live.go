package driver

import "context"

// Live is fire-and-forget fan-out: whoever listens now hears it, nothing is kept. Losing it costs freshness, never an event.
//
// Subjects are words joined by dots. A pattern may have "*" for one word, and ">" at its end for one or more.
type Live interface {
	// Publish tells all listeners whose pattern matches. It never waits for them.
	Publish(ctx context.Context, subject string, data []byte) error

	// Subscribe listens to a pattern. At most buffer messages wait for a slow listener; then its subscription ends and
	// [Subscription.Lost] says so: it starts again and resynchronises from history.
	Subscribe(pattern string, buffer int) (Subscription, error)

	// Close ends the live backend and all its subscriptions.
	Close() error
}

// LiveMessage is what a listener hears. Data is shared between listeners and must not be changed.
type LiveMessage struct {
	Subject string
	Data    []byte
}

// Subscription is one listener.
type Subscription interface {
	// Messages is closed when the subscription ends.
	Messages() <-chan LiveMessage

	// Lost reports whether the subscription ended because the listener was too slow.
	Lost() bool

	// Close ends the subscription. It can be called more than once.
	Close()
}
