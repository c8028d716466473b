package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

// Number implements [driver.Relay]. Numbered.More is exact here.
func (s *Store) Number(ctx context.Context, fence uint64, limit int) (driver.Numbered, error) {
	var n driver.Numbered
	err := s.update(ctx, func(t *tables) error {
		if err := t.fenced(leaseKey{driver.RelayGroup, driver.RelayLease}, fence); err != nil {
			return fmt.Errorf("number events: %w", err)
		}
		n.Next = t.fire(s.clock.Now())
		n.Batches = t.number(limit)
		n.More = t.outbox.Len() > 0
		return nil
	})
	return n, err
}

// Pending implements [driver.Relay].
func (s *Store) Pending(ctx context.Context) (int, time.Time, error) {
	t, err := s.snapshot(ctx)
	if err != nil {
		return 0, time.Time{}, err
	}
	for _, row := range t.outbox.All() {
		return t.outbox.Len(), row.since, nil
	}
	return 0, time.Time{}, nil
}

// schedule stores a timer.
func (t *tables) schedule(timer driver.Timer) error {
	if _, taken := t.tokens.Get(name(timer.Token)); taken {
		return fmt.Errorf("schedule timer %q: there is one with this token", timer.Token)
	}
	key := timerKey{due: timer.Due, serial: t.next()}
	t.timers = t.timers.Set(key, timer)
	t.tokens = t.tokens.Set(name(timer.Token), key)
	return nil
}

// cancel removes a timer and reports whether it was there.
func (t *tables) cancel(token string) bool {
	key, ok := t.tokens.Get(name(token))
	t.timers = t.timers.Delete(key)
	t.tokens = t.tokens.Delete(name(token))
	return ok
}

// fire moves all due timers to the end of the outbox, in the order in which they fell due, and returns when the next one is due.
func (t *tables) fire(now time.Time) (next time.Time) {
	for key, timer := range t.timers.All() {
		if key.due.After(now) {
			return key.due
		}
		t.cancel(timer.Token)
		t.outbox = t.outbox.Set(t.next(), outboxRow{message: timer.Message, since: now})
	}
	return time.Time{}
}
