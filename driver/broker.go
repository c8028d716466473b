package driver

import (
	"context"
	"time"
)

// Broker carries the newest part of journals to groups. It promises only this: what it delivers for a partition is in rising order of
// position, and was appended. It may forget everything at any moment.
type Broker interface {
	// Append adds the entries of every batch to the end of its partition. Entries at or below the partition's top are passed over
	// without an error; a hole between the top and the first entry is accepted. The result names the partitions where it failed (in
	// part or in whole) and is empty when all went well; the caller then asks for [Broker.Top] and starts again from there.
	Append(ctx context.Context, batches []Batch) map[Partition]error

	// Top is the newest entry of a partition: its Position is [Start] or zero for a partition that never had one. Meta and Data are
	// empty when the entry itself is gone while its id is still known.
	Top(ctx context.Context, p Partition) (Entry, error)

	// Remove takes entries off a stream that are no events. What they did to the partition's top is undone, so that the next events are
	// taken again. Entries that are no longer there are passed over, but what they did to the top is undone as well.
	Remove(ctx context.Context, p Partition, positions []Position) error

	// Bound is how many of a partition's newest entries are kept at least, and so how many are appended again after a loss. 0 means that
	// nothing is ever appended again, because readers catch up from history at once (the memory broker).
	Bound() int

	// Reader opens a reader for a member of a group.
	Reader(ctx context.Context, group string) (Reader, error)

	// Close ends the broker. It closes only what the broker itself opened.
	Close() error
}

// TopsReader is a [Broker] that can tell the tops of many partitions for the price of one.
type TopsReader interface {
	// Tops is [Broker.Top] of several partitions.
	Tops(ctx context.Context, partitions []Partition) (map[Partition]Entry, error)
}

// Reader delivers the entries of the partitions it was told to follow. One goroutine uses a Reader at a time. After an error it is closed and
// another one is opened; it may be told to Seek what it follows already, and to Read while it follows nothing.
type Reader interface {
	// Seek makes the reader deliver the entries of p after the given position, from now on. What of p was delivered and not
	// acknowledged is forgotten.
	Seek(ctx context.Context, p Partition, after Position) error

	// Leave makes the reader forget p.
	Leave(ctx context.Context, p Partition) error

	// Read returns up to max entries over all followed partitions, as soon as there is one, or none when wait has passed. It moves the
	// reader past what it returns.
	Read(ctx context.Context, max int, wait time.Duration) ([]Batch, error)

	// Ack tells the broker that these entries are applied or parked. It is a courtesy to operators who look at the broker; the cursor in
	// the store is the truth.
	Ack(ctx context.Context, batches []Batch) error

	// Close ends the reader.
	Close() error
}
