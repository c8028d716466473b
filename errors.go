package headrace

import (
	"errors"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// Errors to branch on with errors.Is. They come wrapped in a sentence that names the thing.
var (
	// ErrNotOwned: a service published to a topic that it does not own.
	ErrNotOwned = errors.New("topic is not owned by this service")
	// ErrNoKey: a contract has no key function, or it returned an empty key.
	ErrNoKey = errors.New("no key")
	// ErrTooLarge: data over [MaxDataSize] or a key over [MaxKeySize].
	ErrTooLarge = errors.New("too large")
	// ErrTooDeep: data nested deeper than [MaxDepth].
	ErrTooDeep = fmt.Errorf("nested deeper than %d levels", MaxDepth)
	// ErrUnknownVersion: an event of a version that the code has no reader for.
	ErrUnknownVersion = errors.New("unknown version")
	// ErrNoHandler: an event was delivered ([Service.Deliver]) to a service that has no handler for it.
	ErrNoHandler = errors.New("no handler")
	// ErrNested: a transaction was opened inside a transaction of the same service. It would wait for itself for ever.
	ErrNested = errors.New("transaction inside a transaction of the same service")
	// ErrReadOnly: a read-only transaction tried to publish.
	ErrReadOnly = driver.ErrReadOnly
	// ErrNoCause: a batch handler published without saying which of its events is the cause.
	ErrNoCause = errors.New("publishing in a batch handler needs the option CausedBy")
	// ErrUnknownOutcome: the answer to COMMIT was lost, so nobody knows whether the transaction took effect. Ask, do not guess.
	ErrUnknownOutcome = driver.ErrUnknownOutcome
	// ErrConflict: the database gave up on the transaction because of others, again and again.
	ErrConflict = driver.ErrConflict
	// ErrPartitions: a topic's number of partitions differs from the one that it was first used with.
	ErrPartitions = driver.ErrPartitions
)

// Permanent says that trying again can never help: the event is dead at once. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or what it wraps, was made by [Permanent].
func IsPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Unavailable says that something the handler depends on is down, so that every event would fail: the partition pauses with backoff,
// no attempt is used up and nothing is parked. Unavailable(nil) is nil.
func Unavailable(err error) error {
	if err == nil {
		return nil
	}
	return &unavailableError{err}
}

// IsUnavailable reports whether err, or what it wraps, was made by [Unavailable].
func IsUnavailable(err error) bool {
	_, ok := errors.AsType[*unavailableError](err)
	return ok
}

type unavailableError struct{ err error }

func (e *unavailableError) Error() string { return e.err.Error() }
func (e *unavailableError) Unwrap() error { return e.err }

// PanicError is what a handler's panic becomes. It counts as a failed attempt like any other error.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Unwrap returns the value of the panic if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
