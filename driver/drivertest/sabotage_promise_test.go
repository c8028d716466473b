package drivertest_test

import (
	"context"
	"sync"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
)

// TestPromisesFindSabotage breaks a backend in one way at a time and runs services on it: the promise that rests on the rule must be seen
// to be broken.
func TestPromisesFindSabotage(t *testing.T) {
	for _, s := range brokenPromises() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range drivertest.Cases() {
				if c.Name == s.want[0] {
					if failures := try(t, c, backend(s.store, sameBroker)); len(failures) == 0 {
						t.Errorf("%s did not fail", c.Name)
					}
					return
				}
			}
			t.Errorf("there is no case %s", s.want[0])
		})
	}
}

func brokenPromises() []sabotage {
	return []sabotage{
		{"Rollback commits", brokenTx(func(tx driver.Tx) driver.Tx { return &stubborn{plainTx: plainTx{tx}} }), nil, []string{"promise/01-events-exist-exactly-for-what-committed"}},
		{"Advance believes everything", ledgered(believing), nil, []string{"promise/07-a-paused-process-commits-nothing"}},
		{"Held lies", brokenTx(func(tx driver.Tx) driver.Tx { return forgetful{plainTx{tx}} }), nil, []string{"promise/10-a-failing-event-stops-its-key-only"}},
		{"Queue has no order", brokenTx(func(tx driver.Tx) driver.Tx { return backwards{plainTx{tx}} }), nil, []string{"promise/10-a-failing-event-stops-its-key-only"}},
		{"Try does not count", func(s driver.Store) driver.Store { return uncounted{s} }, nil, []string{"promise/11-what-kills-the-process-is-set-aside"}},
		{"ReleaseDead selects everything", func(s driver.Store) driver.Store { return unfiltered{s} }, nil, []string{"promise/13-redrive-concerns-one-group"}},
		{"foreign entries are dropped", brokenTx(func(tx driver.Tx) driver.Tx { return tidy{plainTx{tx}} }), nil, []string{"promise/14-foreign-bytes-and-newer-versions-stop-nothing"}},
		{"Cancel lies", brokenTx(func(tx driver.Tx) driver.Tx { return uncancelled{plainTx{tx}} }), nil, []string{"rule/05-delayed-events-come-in-order-or-not-at-all"}},
		{"EnsureCursors starts again", func(s driver.Store) driver.Store { return &restarting{Store: s} }, nil, []string{"rule/12-a-new-group-starts-where-it-says"}},
		{"Release leaves leases dirty", func(s driver.Store) driver.Store { return noRelease{s} }, nil, []string{"rule/18-a-stop-gives-leases-back"}},
	}
}

// believing makes an advance fit whatever the lease is.
func believing(l *ledger, m driver.Advance) driver.Advance {
	now := l.lease(m.Partition)
	m.Fence, m.From = now.Fence, now.Cursor
	return m
}

// uncounted takes every try for the first one.
type uncounted struct{ driver.Store }

func (s uncounted) Try(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	_, err := s.Store.Try(ctx, group, l, driver.Position{})
	return 1, err
}

// unfiltered releases all dead events whatever the filter.
type unfiltered struct{ driver.Store }

func (s unfiltered) ReleaseDead(ctx context.Context, group string, _ driver.ParkedFilter, to driver.ParkState) (int, error) {
	return s.Store.ReleaseDead(ctx, group, driver.ParkedFilter{}, to)
}

// tidy throws foreign entries away.
type tidy struct{ plainTx }

func (tx tidy) AddForeign(context.Context, string, []driver.Foreign) error { return nil }

// uncancelled says that timers were cancelled and leaves them there.
type uncancelled struct{ plainTx }

func (tx uncancelled) Cancel(context.Context, string) (bool, error) { return true, nil }

// restarting gives cursors that exist to the group as new ones, at the places that are asked for.
type restarting struct {
	driver.Store
	mu sync.Mutex
}

func (s *restarting) EnsureCursors(ctx context.Context, group string, cursors map[driver.Partition]driver.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Store.EnsureCursors(ctx, group, cursors); err != nil || group == driver.RelayGroup {
		return err
	}
	for p, to := range cursors {
		if err := s.reset(ctx, group, p, to); err != nil {
			return err
		}
	}
	return nil
}

func (s *restarting) reset(ctx context.Context, group string, p driver.Partition, to driver.Position) error {
	leases, err := s.Cursors(ctx, group, []driver.Partition{p})
	if err != nil {
		return err
	}
	tx, err := s.Begin(ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after a commit it does nothing
	move := driver.Advance{Partition: p, Fence: leases[0].Fence, From: leases[0].Cursor, To: to}
	if _, err := tx.Advance(ctx, group, []driver.Advance{move}); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
