package driver

import (
	"context"
	"time"
)

// Leases gives out the right to work on one thing: a partition of a group, or the relay. Lease, fence and cursor of a partition are one
// row, so that who takes over waits for a commit in flight and then reads the true cursor. Time is the database's.
type Leases interface {
	// EnsureCursors creates the rows that do not exist yet, free and at the given positions. Existing rows stay as they are.
	EnsureCursors(ctx context.Context, group string, cursors map[Partition]Position) error

	// Heartbeat announces a member of the service for ttl, extends all leases it holds by ttl, and returns who is there and who holds
	// what, in all groups.
	Heartbeat(ctx context.Context, member string, ttl time.Duration) (Membership, error)

	// Acquire takes the lease of a partition if it is free or has expired: the fence rises by one. It returns false when somebody else
	// holds it. Nobody can commit under the old fence afterwards. The holder itself gets a new fence too, and finds the lease dirty. A
	// partition without a cursor is an error.
	Acquire(ctx context.Context, group string, p Partition, member string, ttl time.Duration) (Lease, bool, error)

	// Release gives leases back in an orderly way: whoever takes them next finds them clean, or Dirty where the lease given back says so.
	// Leases with another fence are passed over.
	Release(ctx context.Context, group string, leases []Lease) error

	// Cursors reads leases again under their row locks, after whatever commit was in flight. They come in the order of the partitions;
	// those that do not exist are left out.
	Cursors(ctx context.Context, group string, partitions []Partition) ([]Lease, error)

	// Try marks a position as being tried alone and returns how many times it now has been, this time included, without an answer.
	// [Tx.Advance] clears the mark, and so does Try with the zero position (which returns 0): the answer was "not now". With another
	// fence than the current one it returns [ErrFenced].
	Try(ctx context.Context, group string, l Lease, p Position) (int, error)

	// Leave withdraws a member. Its leases must have been released before.
	Leave(ctx context.Context, member string) error
}

// Lease is the right to work on a partition, and what its row says.
type Lease struct {
	Partition Partition
	Fence     uint64
	Cursor    Position
	// Dirty says that the holder before did not give the lease back, or gave it back as dirty: somebody may have died on an event after
	// Cursor.
	Dirty bool
	// Trying and Tries are the mark of [Leases.Try]; Trying is zero if there is none.
	Trying Position
	Tries  int
}

// Membership is what [Leases.Heartbeat] returns.
type Membership struct {
	Members []string // live members, sorted; includes the caller
	Slots   []Slot   // every lease there is, of every group
}

// Slot is the state of one lease.
type Slot struct {
	Group     string
	Partition Partition
	Fence     uint64
	Owner     string // empty if the lease is free or has expired
	Cursor    Position
}
