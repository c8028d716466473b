package driver

import (
	"context"
	"time"
)

// ParkState is the state of a parked event.
type ParkState string

const (
	// Retrying: the event failed and is tried again when it is due.
	Retrying ParkState = "retrying"
	// Waiting: an earlier event of its key is parked.
	Waiting ParkState = "waiting"
	// Dead: the event is out of attempts, or can never succeed. Only a redrive or a discard moves it.
	Dead ParkState = "dead"
	// Discarding: somebody decided to drop the event; the partition's owner does it when its turn comes.
	Discarding ParkState = "discarding"
)

// Parked is an event that failed, or that waits behind one that did.
type Parked struct {
	Partition Partition
	Entry     Entry
	EventID   string
	Key       string
	State     ParkState
	Holds     bool      // later events of the key wait behind this one
	Attempts  int       // answered attempts so far
	Tries     int       // attempts begun since the last answer: more than 0 after a crash
	Due       time.Time // when it is tried again; meaningful while Retrying or Discarding
	Handler   string
	Reason    string // why it is parked, in a word or two
	Error     string // the last error, in full
	ParkedAt  time.Time
	FailedAt  time.Time // the last failure; zero while Waiting
}

// Parking is the part of a [Tx] that parks events and gives them back.
type Parking interface {
	// Park stores events; one that is parked already is an error.
	Park(ctx context.Context, group string, events []Parked) error

	// Held returns which of the keys of each partition have a parked event that holds later ones.
	Held(ctx context.Context, group string, keys map[Partition][]string) (map[Partition][]string, error)

	// Queue returns the waiting events of a key in rising order of position, at most limit.
	Queue(ctx context.Context, group string, p Partition, key string, limit int) ([]Parked, error)

	// Unpark removes parked events; those that are not parked are passed over.
	Unpark(ctx context.Context, group string, p Partition, positions []Position) error

	// Repark replaces what is stored of a parked event, except its entry, id, key and ParkedAt.
	Repark(ctx context.Context, group string, event Parked) error

	// AddForeign keeps what was no event. The same bytes at the same position again are no second row: a reader may meet them twice.
	AddForeign(ctx context.Context, group string, items []Foreign) error
}

// ParkedEvents is the part of a [Store] that looks after parked events outside a handler's transaction.
type ParkedEvents interface {
	// DueParked returns up to limit events of the given partitions that are Retrying or Discarding and due, the earliest due first.
	DueParked(ctx context.Context, group string, partitions []Partition, limit int) (ParkedSummary, error)

	// TryParked marks a parked event as being tried and returns how many times it now has been, this time included, without an answer.
	// With another fence than the current one it returns [ErrFenced]. [Parking.Repark] sets the count, [Parking.Unpark] ends it.
	TryParked(ctx context.Context, group string, l Lease, p Position) (int, error)

	// ListParked returns parked events that the filter selects, by partition and position.
	ListParked(ctx context.Context, group string, f ParkedFilter) ([]Parked, error)

	// ReleaseDead makes the selected dead events due at once in the given state (Retrying with no attempts, or Discarding), and
	// returns how many there were.
	ReleaseDead(ctx context.Context, group string, f ParkedFilter, to ParkState) (int, error)

	// ListForeign returns what was found on streams and was no event, newest first, at most limit.
	ListForeign(ctx context.Context, group string, limit int) ([]Foreign, error)
}

// ParkedSummary is what [ParkedEvents.DueParked] returns.
type ParkedSummary struct {
	Due     []Parked
	Next    time.Time          // when the next event that was not returned is due; zero if there is none
	Holding map[Partition]bool // the partitions that have any event that holds its key
	Vacant  bool               // nothing is parked in the whole group; false if there is, or if that costs a question of its own
}

// ParkedFilter selects parked events. Its zero value selects all of them.
type ParkedFilter struct {
	State    ParkState // empty: any
	Topic    string    // empty: any
	EventID  string    // empty: any
	Key      string    // empty: any
	Position Position  // zero: any
	Limit    int       // 0: no limit
}
