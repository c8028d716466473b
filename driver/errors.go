package driver

import "errors"

var (
	// ErrFenced means that a lease was taken over by somebody else: what was tried under it had no effect.
	ErrFenced = errors.New("lease was taken over")

	// ErrConflict means that the database gave up on a transaction because of others (a serialization failure, a deadlock, a lock that
	// was waited for too long). It had no effect and can be run again.
	ErrConflict = errors.New("transaction conflicts with another")

	// ErrUnknownOutcome means that nobody knows whether a transaction committed: the answer to COMMIT did not arrive.
	ErrUnknownOutcome = errors.New("outcome of the commit is unknown")

	// ErrPartitions means that a topic's number of partitions differs from the one it was first used with.
	ErrPartitions = errors.New("number of partitions cannot change")

	// ErrTrimmed means that a reader asked for a position whose successor is no longer in the journal.
	ErrTrimmed = errors.New("journal no longer has this position")

	// ErrReadOnly means that a read-only transaction was asked to write.
	ErrReadOnly = errors.New("transaction is read-only")

	// ErrLocked means that another process works on the same data.
	ErrLocked = errors.New("data is in use by another process")

	// ErrNobody means that nobody serves the subject of a question.
	ErrNobody = errors.New("nobody serves this")

	// ErrClosed means that the backend was closed.
	ErrClosed = errors.New("closed")
)
