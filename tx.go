package headrace

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

// Tx is a transaction of a service's store: what a handler does through it, what it publishes and the cursor's move take effect together
// or not at all. A Tx belongs to the function it was passed to and to one goroutine; it must not be kept.
type Tx struct {
	service  *Service
	driver   driver.Tx
	out      *outgoing
	origin   origin
	cause    *Metadata // the event being handled; nil outside a handler
	inBatch  bool      // several events are being handled: publishing needs CausedBy
	readOnly bool
}

// outgoing collects what a transaction publishes until just before its commit.
type outgoing struct {
	messages []driver.Message
	timers   []driver.Timer
	late     bool // a handler has used up its time, which may have ended the connection
}

// origin is where published events come from when no event causes them, and their trace context.
type origin struct {
	correlation string
	traceParent string
	traceState  string
}

// SQL returns the database transaction. It panics if the store is no SQL database.
func (tx *Tx) SQL() *sql.Tx {
	t, ok := tx.driver.(driver.SQLTx)
	if !ok {
		panic(fmt.Sprintf("headrace: the store of service %q has no SQL (%T)", tx.service.name, tx.driver))
	}
	return t.SQL()
}

// Driver returns the backend's transaction, for what only one backend can do.
func (tx *Tx) Driver() driver.Tx { return tx.driver }

// Now is the time of the service's clock, in UTC.
func (tx *Tx) Now() time.Time { return tx.service.clock.Now() }

// Cancel takes back an event that was published with [After], by the token that [Token] gave. It reports false when it is too late: the
// event was already on its way, and will be handled.
func (tx *Tx) Cancel(ctx context.Context, token string) (bool, error) {
	for i, t := range tx.out.timers {
		if t.Token == token {
			tx.out.timers = append(tx.out.timers[:i], tx.out.timers[i+1:]...)
			return true, nil
		}
	}
	ok, err := tx.driver.Cancel(ctx, token)
	if err != nil {
		return false, fmt.Errorf("cancel %s: %w", token, err)
	}
	return ok, nil
}

// forEvent returns the same transaction as seen by the handler of an event.
func (tx *Tx) forEvent(m *Metadata) *Tx {
	t := *tx
	t.cause = m
	return &t
}

// flush writes what was published: the last thing before the commit, so that the row locks the caller holds order the events of a key.
func (tx *Tx) flush(ctx context.Context) error {
	if len(tx.out.messages) > 0 {
		if err := tx.driver.Publish(ctx, tx.out.messages); err != nil {
			return fmt.Errorf("write to the outbox: %w", err)
		}
	}
	if len(tx.out.timers) > 0 {
		if err := tx.driver.Schedule(ctx, tx.out.timers); err != nil {
			return fmt.Errorf("write timers: %w", err)
		}
	}
	return nil
}

func (tx *Tx) published() bool { return len(tx.out.messages)+len(tx.out.timers) > 0 }
