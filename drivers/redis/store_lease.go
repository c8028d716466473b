package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// lease is lease, fence and cursor of a partition in one field. Until when it is held stands in another: a heartbeat gets in nobody's way.
type lease struct {
	fence          uint64
	cursor, trying driver.Position
	tries          int
	clean, dirty   bool
	owner          string
}

// String is what [parseLease] reads.
func (l lease) String() string {
	return fmt.Sprintf("%d %s %s %d %t %t %s", l.fence, l.cursor, l.trying, l.tries, l.clean, l.dirty, l.owner)
}

func parseLease(text string) (l lease, err error) {
	f := strings.SplitN(text, " ", 7)
	if len(f) != 7 {
		return l, fmt.Errorf("redis: lease %q makes no sense", text)
	}
	var errs [6]error
	l.fence, errs[0] = strconv.ParseUint(f[0], 10, 64)
	l.cursor, errs[1] = driver.ParsePosition(f[1])
	l.trying, errs[2] = driver.ParsePosition(f[2])
	l.tries, errs[3] = strconv.Atoi(f[3])
	l.clean, errs[4] = strconv.ParseBool(f[4])
	l.dirty, errs[5] = strconv.ParseBool(f[5])
	l.owner = f[6]
	return l, errors.Join(errs[:]...)
}

func (l lease) of(p driver.Partition) driver.Lease {
	return driver.Lease{Partition: p, Fence: l.fence, Cursor: l.cursor, Dirty: l.dirty, Trying: l.trying, Tries: l.tries}
}

func leaseField(group string, p driver.Partition) string { return p.String() + "/" + group }

func parseField(field string) (group string, p driver.Partition, err error) {
	f := strings.SplitN(field, "/", 3)
	if len(f) != 3 {
		return "", p, fmt.Errorf("redis: name of a lease %q makes no sense", field)
	}
	n, err := strconv.Atoi(f[1])
	return f[2], driver.Partition{Topic: f[0], Number: n}, err
}

// lease reads a lease; the commit insists that it is still so.
func (tx *transaction) lease(ctx context.Context, group string, p driver.Partition) (l lease, r *row, err error) {
	r, err = tx.get(ctx, tx.store.key("leases"), leaseField(group, p), true)
	if err == nil && r.here {
		l, err = parseLease(r.is)
	}
	return l, r, err
}

// fenced is lease for who holds it.
func (tx *transaction) fenced(ctx context.Context, group string, p driver.Partition, fence uint64) (lease, *row, error) {
	l, r, err := tx.lease(ctx, group, p)
	if err == nil && (!r.here || l.fence != fence) {
		err = fmt.Errorf("%s of group %q: %w: fence %d is now %d", p, group, driver.ErrFenced, fence, l.fence)
	}
	return l, r, err
}

// EnsureCursors implements [driver.Leases].
func (s *Store) EnsureCursors(ctx context.Context, group string, cursors map[driver.Partition]driver.Position) error {
	return s.update(ctx, func(tx *transaction) error {
		for p, cursor := range cursors {
			_, r, err := tx.lease(ctx, group, p)
			if err != nil {
				return err
			}
			if !r.here {
				r.set(lease{cursor: cursor, clean: true}.String())
			}
		}
		return nil
	})
}

func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// heldUntil tells whether a time, as it is kept, is still to come.
func heldUntil(r *row, now time.Time) bool {
	until, err := strconv.ParseInt(r.is, 10, 64)
	return r.here && err == nil && until > now.UnixMicro()
}

// Heartbeat implements [driver.Leases].
func (s *Store) Heartbeat(ctx context.Context, member string, ttl time.Duration) (m driver.Membership, err error) {
	now, err := s.now(ctx)
	if err != nil {
		return m, err
	}
	err = s.update(ctx, func(tx *transaction) error {
		m = driver.Membership{Members: []string{member}}
		members, err := tx.all(ctx, s.key("members"))
		if err != nil {
			return err
		}
		for name, r := range members {
			if name != member && heldUntil(r, now) {
				m.Members = append(m.Members, name)
			} else if name != member {
				r.remove()
			}
		}
		slices.Sort(m.Members)
		tx.do("set", s.key("members"), member, micros(now.Add(ttl)))
		m.Slots, err = tx.slots(ctx, member, now, now.Add(ttl))
		return err
	})
	return m, err
}

func (tx *transaction) slots(ctx context.Context, member string, now, until time.Time) (slots []driver.Slot, err error) {
	untils, err := tx.all(ctx, tx.store.key("until"))
	if err != nil {
		return nil, err
	}
	leases, err := tx.all(ctx, tx.store.key("leases"))
	if err != nil {
		return nil, err
	}
	for field, r := range leases {
		l, err := parseLease(r.is)
		if err != nil {
			return nil, err
		}
		group, p, err := parseField(field)
		if err != nil {
			return nil, err
		}
		slot := driver.Slot{Group: group, Partition: p, Fence: l.fence, Cursor: l.cursor}
		if u := untils[field]; l.owner == member {
			tx.do("set", tx.store.key("until"), field, micros(until))
			slot.Owner = member
		} else if u != nil && heldUntil(u, now) {
			slot.Owner = l.owner
		}
		slots = append(slots, slot)
	}
	return slots, nil
}

// Acquire implements [driver.Leases].
func (s *Store) Acquire(ctx context.Context, group string, p driver.Partition, member string, ttl time.Duration) (got driver.Lease, ok bool, err error) {
	now, err := s.now(ctx)
	if err != nil {
		return got, false, err
	}
	err = s.update(ctx, func(tx *transaction) error {
		got, ok = driver.Lease{}, false
		l, r, err := tx.lease(ctx, group, p)
		if err != nil {
			return err
		}
		if !r.here {
			return fmt.Errorf("acquire %s of group %q: there is no such lease", p, group)
		}
		u, err := tx.get(ctx, s.key("until"), leaseField(group, p), true)
		if err != nil || l.owner != "" && l.owner != member && heldUntil(u, now) {
			return err
		}
		l.fence++
		l.owner, l.dirty, l.clean = member, !l.clean, false
		r.set(l.String())
		u.set(micros(now.Add(ttl)))
		got, ok = l.of(p), true
		return nil
	})
	return got, ok && err == nil, err
}

// Release implements [driver.Leases].
func (s *Store) Release(ctx context.Context, group string, leases []driver.Lease) error {
	return s.update(ctx, func(tx *transaction) error {
		for _, given := range leases {
			l, r, err := tx.lease(ctx, group, given.Partition)
			if err != nil {
				return err
			}
			if r.here && l.fence == given.Fence && l.owner != "" {
				l.owner, l.dirty, l.clean = "", given.Dirty, !given.Dirty
				r.set(l.String())
			}
		}
		return nil
	})
}

// Cursors implements [driver.Leases]. A script that is under way has ended before it reads.
func (s *Store) Cursors(ctx context.Context, group string, partitions []driver.Partition) (list []driver.Lease, err error) {
	err = s.update(ctx, func(tx *transaction) error {
		list = nil
		for _, p := range partitions {
			l, r, err := tx.lease(ctx, group, p)
			if err != nil {
				return err
			}
			if r.here {
				list = append(list, l.of(p))
			}
		}
		return nil
	})
	return list, err
}

// Try implements [driver.Leases].
func (s *Store) Try(ctx context.Context, group string, given driver.Lease, p driver.Position) (tries int, err error) {
	err = s.update(ctx, func(tx *transaction) error {
		l, r, err := tx.fenced(ctx, group, given.Partition, given.Fence)
		if err != nil {
			return fmt.Errorf("try %s: %w", p, err)
		}
		if l.trying != p {
			l.trying, l.tries = p, 0
		}
		if !p.IsZero() {
			l.tries++
		}
		r.set(l.String())
		tries = l.tries
		return nil
	})
	return tries, err
}

// Leave implements [driver.Leases].
func (s *Store) Leave(ctx context.Context, member string) error {
	_, err := s.ask(ctx, func(b rueidis.Builder) rueidis.Completed { return b.Hdel().Key(s.key("members")).Field(member).Build() })
	return err
}
