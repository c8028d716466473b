package headrace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// errNotMoved means that a cursor did not move: its lease is lost, or the events were applied already.
var errNotMoved = errors.New("cursor did not move")

// advance moves cursors, all or none.
func (tx *Tx) advance(ctx context.Context, list []driver.Advance) error {
	n, err := tx.driver.Advance(ctx, tx.service.name, list)
	if err != nil {
		return fmt.Errorf("move cursors: %w", err)
	}
	if n != len(list) {
		return fmt.Errorf("%w: %d of %d did", errNotMoved, n, len(list))
	}
	return nil
}

// conflictAttempts is how often a transaction is run that others are in the way of.
const conflictAttempts = 10

// insist runs a transaction again when the database gave up on it because of others. The function is told how often it was run before.
func (s *Service) insist(ctx context.Context, transaction func(try int) error) error {
	for n := 0; ; n++ {
		err := s.recognise(transaction(n))
		if !errors.Is(err, driver.ErrConflict) || n == conflictAttempts-1 {
			return err
		}
		if wait(ctx, backoff(n, time.Millisecond, 100*time.Millisecond, random)) != nil {
			return err
		}
	}
}

// recognise makes a conflict that a handler's own statement met, and returned as the database says it, one of package driver.
func (s *Service) recognise(err error) error {
	if err == nil || errors.Is(err, driver.ErrConflict) {
		return err
	}
	if checker, ok := s.store.(driver.ConflictChecker); ok && checker.Conflict(err) {
		return fmt.Errorf("%w: %w", driver.ErrConflict, err)
	}
	return err
}

// excuse makes an error in a transaction that was lost on its way a conflict: nothing that was done in it counts, and nobody who worked in it is to
// blame. A time that ran out is no excuse: it may have ended the connection itself.
func (tx *Tx) excuse(err error) error {
	if err == nil || tx.readOnly || tx.out.late || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	if checker, ok := tx.driver.(driver.LossChecker); !ok || !checker.Lost() {
		return err
	}
	return fmt.Errorf("%w: transaction was lost: %w", driver.ErrConflict, err)
}

// noFault are the errors at the end of a transaction that say nothing about what was done in it.
var noFault = []error{
	errNotMoved, driver.ErrFenced, driver.ErrConflict, driver.ErrUnknownOutcome, driver.ErrLocked, driver.ErrClosed,
	context.Canceled, context.DeadlineExceeded,
}

// blame says whose fault it is that a transaction could not be concluded. If handlers ran in it, it is theirs: a constraint that is checked
// only at the end, or a statement whose failure nobody looked at. A database that is down looks the same, but then nothing comes of the
// blame, because parking needs the database too.
func blame(err error, set aside) error {
	if err == nil || set.handled == 0 || slices.ContainsFunc(noFault, func(known error) bool { return errors.Is(err, known) }) {
		return err
	}
	return &failure{count: set.upTo, err: err}
}
