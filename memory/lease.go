package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

type leaseKey struct {
	group     name
	partition driver.Partition
}

// Compare implements [immutable.Key].
func (k leaseKey) Compare(other leaseKey) int {
	return cmp.Or(k.group.Compare(other.group), k.partition.Compare(other.partition))
}

// leaseRow is lease, fence and cursor of a partition in one row. Until when the lease is held stands in [Store.leased].
type leaseRow struct {
	fence  uint64
	owner  string // who took it last; empty once it was given back, or lost in a crash
	clean  bool   // it was given back, or never taken
	dirty  bool   // it was not clean when the owner took it
	cursor driver.Position
	trying driver.Position
	tries  int
}

func (r leaseRow) lease(p driver.Partition) driver.Lease {
	return driver.Lease{Partition: p, Fence: r.fence, Cursor: r.cursor, Dirty: r.dirty, Trying: r.trying, Tries: r.tries}
}

// fenced returns [driver.ErrFenced] unless the fence is the lease's current one.
func (t *tables) fenced(key leaseKey, fence uint64) error {
	row, ok := t.leases.Get(key)
	if !ok || row.fence != fence {
		return fmt.Errorf("%s of group %q: %w: fence %d is now %d", key.partition, key.group, driver.ErrFenced, fence, row.fence)
	}
	return nil
}

// advance moves a cursor if fence and cursor are as the move says.
func (t *tables) advance(key leaseKey, m driver.Advance) bool {
	row, ok := t.leases.Get(key)
	if !ok || row.fence != m.Fence || row.cursor != m.From {
		return false
	}
	if m.To != m.From {
		row.cursor, row.trying, row.tries = m.To, driver.Position{}, 0
		t.leases = t.leases.Set(key, row)
	}
	return true
}

// holder returns who holds a lease now: nobody once it has expired. The caller holds s.mu.
func (s *Store) holder(key leaseKey, row leaseRow, now time.Time) string {
	if !s.leased[key].After(now) {
		return ""
	}
	return row.owner
}

// EnsureCursors implements [driver.Leases].
func (s *Store) EnsureCursors(ctx context.Context, group string, cursors map[driver.Partition]driver.Position) error {
	return s.update(ctx, func(t *tables) error {
		for p, cursor := range cursors {
			key := leaseKey{name(group), p}
			if _, ok := t.leases.Get(key); !ok {
				t.leases = t.leases.Set(key, leaseRow{cursor: cursor, clean: true})
			}
		}
		return nil
	})
}

// Heartbeat implements [driver.Leases]. It does not wait for a writer. A lease that has expired but that nobody took is held again.
func (s *Store) Heartbeat(ctx context.Context, member string, ttl time.Duration) (driver.Membership, error) {
	if err := ctx.Err(); err != nil {
		return driver.Membership{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return driver.Membership{}, driver.ErrClosed
	}
	now := s.clock.Now()
	s.members[member] = now.Add(ttl)
	maps.DeleteFunc(s.members, func(m string, until time.Time) bool { return m != member && !until.After(now) })
	present := driver.Membership{Members: slices.Sorted(maps.Keys(s.members))}
	for key, row := range s.committed.leases.All() {
		if row.owner == member {
			s.leased[key] = now.Add(ttl)
		}
		present.Slots = append(present.Slots, driver.Slot{
			Group: string(key.group), Partition: key.partition, Fence: row.fence, Owner: s.holder(key, row, now), Cursor: row.cursor,
		})
	}
	return present, nil
}

// Acquire implements [driver.Leases]. A member that acquires what it holds gets a new fence, like anybody else. A partition that
// [Store.EnsureCursors] was never told of is an error.
func (s *Store) Acquire(ctx context.Context, group string, p driver.Partition, member string, ttl time.Duration) (driver.Lease, bool, error) {
	var lease driver.Lease
	acquired := false
	err := s.update(ctx, func(t *tables) error {
		key := leaseKey{name(group), p}
		row, ok := t.leases.Get(key)
		if !ok {
			return fmt.Errorf("acquire %s of group %q: there is no such lease", p, group)
		}
		now := s.clock.Now()
		if holder := s.holder(key, row, now); holder != "" && holder != member {
			return nil
		}
		row.fence++
		row.owner, row.dirty, row.clean = member, !row.clean, false
		t.leases = t.leases.Set(key, row)
		s.leased[key] = now.Add(ttl)
		lease, acquired = row.lease(p), true
		return nil
	})
	return lease, acquired, err
}

// Release implements [driver.Leases]. Leases that were lost in a crash are passed over too.
func (s *Store) Release(ctx context.Context, group string, leases []driver.Lease) error {
	return s.update(ctx, func(t *tables) error {
		for _, l := range leases {
			key := leaseKey{name(group), l.Partition}
			row, ok := t.leases.Get(key)
			if !ok || row.fence != l.Fence || row.owner == "" {
				continue
			}
			row.owner, row.dirty, row.clean = "", l.Dirty, !l.Dirty
			t.leases = t.leases.Set(key, row)
			delete(s.leased, key)
		}
		return nil
	})
}

// Cursors implements [driver.Leases]. The leases come in the order of the partitions; those that do not exist are left out.
func (s *Store) Cursors(ctx context.Context, group string, partitions []driver.Partition) ([]driver.Lease, error) {
	leases := make([]driver.Lease, 0, len(partitions))
	err := s.update(ctx, func(t *tables) error {
		for _, p := range partitions {
			if row, ok := t.leases.Get(leaseKey{name(group), p}); ok {
				leases = append(leases, row.lease(p))
			}
		}
		return nil
	})
	return leases, err
}

// Try implements [driver.Leases].
func (s *Store) Try(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	tries := 0
	err := s.update(ctx, func(t *tables) error {
		key := leaseKey{name(group), l.Partition}
		if err := t.fenced(key, l.Fence); err != nil {
			return fmt.Errorf("try %s: %w", p, err)
		}
		row, _ := t.leases.Get(key)
		if row.trying != p {
			row.trying, row.tries = p, 0
		}
		if !p.IsZero() {
			row.tries++
		}
		t.leases = t.leases.Set(key, row)
		tries = row.tries
		return nil
	})
	return tries, err
}

// Leave implements [driver.Leases].
func (s *Store) Leave(ctx context.Context, member string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return driver.ErrClosed
	}
	delete(s.members, member)
	return nil
}
