package headrace

import (
	"context"
	"time"
)

// Hooks let telemetry follow the engine without being part of it. All fields are optional. Hooks are called from many goroutines at once
// and must return quickly; one that panics ends the process.
type Hooks struct {
	// Trace returns the W3C trace context that events published under ctx carry.
	Trace func(ctx context.Context) (traceParent, traceState string)
	// Handle is called around every call of a handler: it must call run, with its ctx or one derived from it, and return its error.
	Handle func(ctx context.Context, c HandlerCall, run func(context.Context) error) error
	// Signal is told what happened.
	Signal func(Signal)
}

// HandlerCall describes one call of a handler.
type HandlerCall struct {
	Service string
	Handler string     // "topic/type", or "topic" for OnTopic
	Events  []Metadata // in order; one, except for batch handlers
	Attempt int        // 1 for the first
}

// Signal is something that happened, Count times.
type Signal struct {
	Kind      SignalKind
	Service   string
	Topic     string
	Partition int
	Type      string // where one type is concerned
	Count     int
	Took      time.Duration // for Applied: the whole transaction; otherwise 0
	Err       error         // where there is one
}

// SignalKind is what happened. Its value is fit for a metric's name.
type SignalKind string

// What can happen.
const (
	Relayed      SignalKind = "relayed"       // events numbered into the journal
	AppendFailed SignalKind = "append_failed" // the broker did not take a partition's events; they are appended again
	Reappended   SignalKind = "reappended"    // events the broker had lost, appended again
	Applied      SignalKind = "applied"       // events applied by a handler or passed over, with their cursor
	Duplicate    SignalKind = "duplicate"     // entries at or below the cursor, delivered again
	Gap          SignalKind = "gap"           // entries were missing on the stream
	HistoryRead  SignalKind = "history_read"  // entries read from history instead
	Retried      SignalKind = "retried"       // an event was tried again
	ParkedEvents SignalKind = "parked"        // events parked, failed or waiting
	Released     SignalKind = "released"      // parked events applied at last
	Died         SignalKind = "died"          // events that became dead
	Discarded    SignalKind = "discarded"     // dead events dropped on request
	ForeignFound SignalKind = "foreign"       // entries that are no events
	Paused       SignalKind = "paused"        // a partition paused, because something is unavailable
	Fenced       SignalKind = "fenced"        // work thrown away because the lease was lost
	LeaseTaken   SignalKind = "lease_taken"   // a partition, or the relay, taken over
	LeaseDirty   SignalKind = "lease_dirty"   // the same, from a member that had not given it back
	EpochRaised  SignalKind = "epoch_raised"  // a journal was found restored to an older state
	LostFuture   SignalKind = "lost_future"   // events applied that the restored journal does not have
	Lost         SignalKind = "lost"          // events that a store without a second copy has lost
	Stalled      SignalKind = "stalled"       // a partition cannot go on without a person: history is trimmed
)

func (s *Service) signal(g Signal) {
	if g.Count == 0 {
		return
	}
	if hook := s.env.Load().hooks.Signal; hook != nil {
		g.Service = s.name
		hook(g)
	}
}
