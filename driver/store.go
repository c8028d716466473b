package driver

import (
	"context"
	"database/sql"
	"time"
)

// Store is the database of one service: its own tables (if the backend has tables) and ours. Several processes may have it open at the same
// time, unless the backend says that it cannot.
type Store interface {
	Journal
	Relay
	Leases
	ParkedEvents

	// Setup makes sure that there is a head for every partition of the owned topics, and a record of every topic's number of partitions.
	// It returns an error that wraps [ErrPartitions] and names the topic when that number has changed. It is safe when several
	// processes do it at once, and is called before anything below except Begin.
	Setup(ctx context.Context, s Setup) error

	// Begin opens a transaction. A read-only one sees a consistent state and does not wait for writers where the backend can do that.
	Begin(ctx context.Context, o TxOptions) (Tx, error)

	// Concurrency is how many writing transactions make sense at once: 1 where the database has a single writer.
	Concurrency() int

	// Close ends the store. It closes only what the store itself opened.
	Close() error
}

// Setup is what a service tells its store about itself.
type Setup struct {
	Service string
	Owns    []TopicSize
	Follows []TopicSize
}

// TopicSize is a topic and its number of partitions.
type TopicSize struct {
	Topic      string
	Partitions int
}

// TxOptions are the options of [Store.Begin].
type TxOptions struct {
	ReadOnly bool
}

// Tx is one transaction of a store. One goroutine uses it at a time. After an error of any method but Cancel, Advance and Held the
// transaction can only be rolled back.
type Tx interface {
	Parking

	// Publish puts messages into the outbox in the order given. Messages of one key are numbered in the order in which their
	// transactions committed.
	Publish(ctx context.Context, messages []Message) error

	// Schedule stores timers. When one is due, the relay moves it to the end of the outbox.
	Schedule(ctx context.Context, timers []Timer) error

	// Cancel removes a timer and reports whether it was still waiting; false means it is too late (or there never was one).
	Cancel(ctx context.Context, token string) (bool, error)

	// Advance moves cursors, each only where the fence is still current and the cursor still stands at From; it clears the mark of
	// [Leases.Try]. It locks rows in the order of [Partition.Compare] whatever the order given, and returns how many moved. From equal
	// to To only checks and locks the fence (and leaves the mark).
	Advance(ctx context.Context, group string, moves []Advance) (int, error)

	// Commit ends the transaction. An error that wraps [ErrUnknownOutcome] means that it may have committed; any other error means
	// that it did not.
	Commit(ctx context.Context) error

	// Rollback undoes the transaction. After Commit or an earlier Rollback it does nothing.
	Rollback(ctx context.Context) error
}

// ConflictChecker is a [Store] whose transactions hand out more than the store's own methods, such as statements of the service: it knows
// the database's own errors. Conflict reports whether one of them means what [ErrConflict] means.
type ConflictChecker interface {
	Conflict(err error) bool
}

// LossChecker is a [Tx] that can be lost while it lasts, such as with the connection that it runs on: whatever it did has no effect. Lost reports
// whether that is so. After the end it is false.
type LossChecker interface {
	Lost() bool
}

// SQLTx is a [Tx] of a SQL database.
type SQLTx interface {
	SQL() *sql.Tx
}

// Advance is one cursor's move.
type Advance struct {
	Partition Partition
	Fence     uint64
	From      Position
	To        Position
}

// Journal reads what the service has published.
type Journal interface {
	// ReadJournal returns entries after a position in rising order: at most limit entries, and no more once maxBytes of Meta and Data are
	// passed (but at least one entry, if there is one and limit is not 0). The page always tells head, floor and epochs, also when a
	// position whose successor was trimmed away gives [ErrTrimmed]. Positions are compared whole, epoch first; the zero position means
	// [Start]. What the page says is one consistent state.
	ReadJournal(ctx context.Context, p Partition, after Position, limit, maxBytes int) (Page, error)

	// Heads returns the position of the last numbered event of every owned partition.
	Heads(ctx context.Context) (map[Partition]Position, error)

	// TrimJournal forgets entries at or below a position, except that the head is kept as a number for ever. How many went is returned.
	TrimJournal(ctx context.Context, p Partition, upTo Position) (int, error)
}

// Page is a piece of a journal.
type Page struct {
	Entries []Entry
	Head    Position // the last numbered event
	Floor   Position // the last trimmed event; Start if none was
	Epochs  []Epoch  // the epochs after the first, rising
	// Lost is up to where everything after the position asked for is lost for good, because the store keeps no second copy. Zero: nothing.
	Lost Position
}

// Relay numbers what was published.
type Relay interface {
	// Number moves due timers to the outbox and then up to limit messages, oldest first, from the outbox into the journal, in one
	// transaction that locks the relay's lease first. With another fence than the current one it returns [ErrFenced].
	Number(ctx context.Context, fence uint64, limit int) (Numbered, error)

	// RaiseEpoch begins a new epoch for a partition if seen, a position that somebody has really seen, is ahead of head in head's own
	// epoch (or of a later epoch): that is the proof that the journal was restored to an older state. Under a lock on head it reads
	// head again first, and returns the head that holds afterwards, and whether it was raised.
	RaiseEpoch(ctx context.Context, p Partition, seen Position) (head Position, raised bool, err error)

	// Pending returns how many messages wait in the outbox, and since when the oldest does (zero if none).
	Pending(ctx context.Context) (count int, oldest time.Time, err error)
}

// Numbered is what one call of [Relay.Number] did.
type Numbered struct {
	Batches []Batch   // by partition, in rising order of position
	More    bool      // the limit was reached: there is probably more in the outbox
	Next    time.Time // when the next timer is due; zero if there is none
}

// RelayLease is the partition under which [Leases] keeps the right to be a service's relay, in the group [RelayGroup].
var RelayLease = Partition{Topic: "", Number: 0}

// RelayGroup is the group of [RelayLease].
const RelayGroup = "~relay"
