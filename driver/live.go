package driver

import "context"

// Live is fire-and-forget fan-out, and questions with an answer: whoever listens or serves now hears it, nothing is kept. Losing it costs
// freshness, never an event.
//
// Subjects are words joined by dots. A pattern may have "*" for one word, and ">" at its end for one or more.
type Live interface {
	// Publish tells all listeners whose pattern matches. It never waits for them.
	Publish(ctx context.Context, subject string, data []byte) error

	// Subscribe listens to a pattern. At most buffer messages wait for a slow listener; then its subscription ends and
	// [Subscription.Lost] says so: it starts again and resynchronises from history. The same happens when the connection broke.
	Subscribe(pattern string, buffer int) (Subscription, error)

	// Request asks those who serve a subject, and returns the answer of one of them. Without anybody it fails with [ErrNobody], at once
	// where the backend can tell; otherwise it waits until the context ends. An answer that does not come says nothing about what the
	// question did.
	Request(ctx context.Context, subject string, data []byte) ([]byte, error)

	// Serve answers the questions on a subject, at most limit at a time, until it is closed. Of all that serve a subject, one answers
	// each question; where the backend cannot see to that for a while, several may, and the first answer counts. The function is called concurrently; its context ends when the one who asked gives up, or the Server is closed.
	// Questions that nobody has time for in time are not answered.
	Serve(subject string, limit int, answer func(ctx context.Context, data []byte) []byte) (Server, error)

	// Close ends the live backend with all its subscriptions and servers. It closes only what the backend itself opened.
	Close() error
}

// MaxLiveSize is how large a message, a question or an answer may be, in bytes.
const MaxLiveSize = 1 << 20

// LiveMessage is what a listener hears. Data is shared between listeners and must not be changed.
type LiveMessage struct {
	Subject string
	Data    []byte
}

// Subscription is one listener.
type Subscription interface {
	// Messages is closed when the subscription ends.
	Messages() <-chan LiveMessage

	// Lost reports whether the subscription ended because messages were missed: the listener was too slow, or its connection broke.
	Lost() bool

	// Close ends the subscription. It can be called more than once.
	Close()
}

// Server is one who answers.
type Server interface {
	// Close stops answering and waits for the answers under way. It can be called more than once.
	Close()
}
