package sqlstore

import (
	"context"
	"database/sql"

	"github.com/headrace/headrace/driver"
)

// Dialect is what differs between databases. Everything else is SQL that all of them understand: parameters are written $1, and times are
// microseconds since 1970. It is safe for concurrent use.
//
// The store sends the same few texts again and again: a dialect sees to it that its connections keep them prepared.
type Dialect interface {
	// Now is the SQL expression for the time by which leases expire and timers fall due. It may use $1, which every statement that
	// needs the time has for it; NowArgument is its value.
	Now() string
	NowArgument() any

	// Lock ends a SELECT whose rows nobody else may change until the transaction ends: "FOR UPDATE", or nothing where writing
	// transactions follow one another.
	Lock() string

	// Heartbeat is all of a heartbeat in one statement, where a database can do that, which need not be in a transaction: it announces member
	// $2 for $3 microseconds, forgets members that have expired, and extends the leases of the member after it has locked them in their
	// order. Its rows are group, topic, partition, fence, owner, epoch and seq of every lease; and, with an empty group, each living member in
	// the place of the topic. "" is done in steps.
	Heartbeat() string

	// Prefix comes before the name of every table of the store: a schema and a dot, or nothing. With it, the store's own statements mean the
	// same on every connection, however that is set.
	Prefix() string

	// LockKeys makes transactions that publish messages of one key wait for each other, so that their order in the outbox is the order of
	// their commits. It does nothing where writing transactions follow one another.
	LockKeys(ctx context.Context, tx *sql.Tx, messages []driver.Message) error

	// Insert puts rows into a table, whose name has no prefix, in the order given. The values are those of the first row, then those of the second, and so on.
	Insert(ctx context.Context, tx *sql.Tx, table string, columns []string, values []any) error

	// Context is the context for one of the store's own statements, which are short. Where it costs to watch a context during each of them
	// and the database is in this process, it may be one that does not end: whether it has ended is looked at before every statement.
	Context(ctx context.Context) context.Context

	// Conflict reports whether the database gave up on a transaction because of others: it had no effect and can be run again.
	Conflict(err error) bool

	// UnknownOutcome reports whether this error of a COMMIT leaves open if the transaction took effect.
	UnknownOutcome(err error) bool
}
