package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// EnsureCursors implements [driver.Leases].
func (s *Store) EnsureCursors(ctx context.Context, group string, cursors map[driver.Partition]driver.Position) error {
	return s.write(ctx, "ensure cursors of group "+group, func(t *Tx) error {
		for _, p := range slices.SortedFunc(maps.Keys(cursors), driver.Partition.Compare) {
			_, err := t.exec(ctx, `INSERT INTO headrace_lease (group_name, topic, partition, epoch, seq) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT DO NOTHING`, group, p.Topic, p.Number, int64(cursors[p].Epoch), int64(cursors[p].Seq))
			if err != nil {
				return fmt.Errorf("cursor of %s: %w", p, err)
			}
		}
		return nil
	})
}

const leaseColumns = `topic, partition, fence, epoch, seq, dirty, trying_epoch, trying_seq, tries`

func scanLease(rows *sql.Rows) (l driver.Lease, err error) {
	err = rows.Scan(&l.Partition.Topic, (*integer)(&l.Partition.Number), (*number)(&l.Fence), (*number)(&l.Cursor.Epoch), (*number)(&l.Cursor.Seq),
		&l.Dirty, (*number)(&l.Trying.Epoch), (*number)(&l.Trying.Seq), (*integer)(&l.Tries))
	return l, err
}

// Acquire implements [driver.Leases]. A member that acquires what it holds gets a new fence and finds the lease dirty. A partition without a
// cursor is an error.
func (s *Store) Acquire(ctx context.Context, group string, p driver.Partition, member string, ttl time.Duration) (driver.Lease, bool, error) {
	var taken []driver.Lease
	err := s.write(ctx, fmt.Sprintf("acquire %s of group %s", p, group), func(t *Tx) (err error) {
		taken, err = collect(ctx, t.session, `UPDATE headrace_lease
			SET fence = fence + 1, dirty = 1 - clean, clean = 0, owner = $2, expires = {now} + $3
			WHERE group_name = $4 AND topic = $5 AND partition = $6 AND (owner = '' OR owner = $2 OR expires <= {now})
			RETURNING `+leaseColumns, args(s.dialect.NowArgument(), member, ttl.Microseconds(), group, p.Topic, p.Number), scanLease)
		if err != nil || len(taken) > 0 {
			return err
		}
		_, err = t.lease(ctx, group, p)
		return err
	})
	if err != nil || len(taken) == 0 {
		return driver.Lease{}, false, err
	}
	return taken[0], true, nil
}

// lease reads a lease that must be there, and locks it.
func (t *Tx) lease(ctx context.Context, group string, p driver.Partition) (driver.Lease, error) {
	found, err := collect(ctx, t.session, `SELECT `+leaseColumns+` FROM headrace_lease
		WHERE group_name = $1 AND topic = $2 AND partition = $3 {lock}`, args(group, p.Topic, p.Number), scanLease)
	switch {
	case err != nil:
		return driver.Lease{}, err
	case len(found) == 0:
		return driver.Lease{}, fmt.Errorf("%s has no cursor in group %s", p, group)
	}
	return found[0], nil
}

// lockFence returns [driver.ErrFenced] unless the fence is the lease's current one, which it then remains until the transaction ends.
func (t *Tx) lockFence(ctx context.Context, group string, p driver.Partition, fence uint64) error {
	l, err := t.lease(ctx, group, p)
	if err == nil && l.Fence != fence {
		err = fmt.Errorf("fence %d is now %d: %w", fence, l.Fence, driver.ErrFenced)
	}
	return err
}

// Release implements [driver.Leases].
func (s *Store) Release(ctx context.Context, group string, leases []driver.Lease) error {
	return s.write(ctx, fmt.Sprintf("release %d leases of group %s", len(leases), group), func(t *Tx) error {
		for _, l := range slices.SortedFunc(slices.Values(leases), compareLeases) {
			clean := 1
			if l.Dirty {
				clean = 0
			}
			_, err := t.exec(ctx, `UPDATE headrace_lease SET owner = '', expires = 0, dirty = 1 - $5, clean = $5
				WHERE group_name = $1 AND topic = $2 AND partition = $3 AND fence = $4 AND owner <> ''`,
				group, l.Partition.Topic, l.Partition.Number, int64(l.Fence), clean)
			if err != nil {
				return fmt.Errorf("%s: %w", l.Partition, err)
			}
		}
		return nil
	})
}

func compareLeases(a, b driver.Lease) int { return a.Partition.Compare(b.Partition) }

// Cursors implements [driver.Leases]. The leases come in the order of the partitions given; those that do not exist are left out.
func (s *Store) Cursors(ctx context.Context, group string, partitions []driver.Partition) ([]driver.Lease, error) {
	found := make(map[driver.Partition]driver.Lease, len(partitions))
	err := s.write(ctx, "read cursors of group "+group, func(t *Tx) error {
		for chunk := range slices.Chunk(slices.SortedFunc(slices.Values(partitions), driver.Partition.Compare), relationRows) {
			leases, err := collect(ctx, t.session, `SELECT `+leaseColumns+` FROM headrace_lease WHERE group_name = $1 AND (topic, partition) IN (`+
				relation(1, len(chunk), "TEXT", "BIGINT")+`) ORDER BY topic, partition {lock}`, partitionArgs(args(group), chunk), scanLease)
			if err != nil {
				return err
			}
			for _, l := range leases {
				found[l.Partition] = l
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	leases := make([]driver.Lease, 0, len(found))
	for _, p := range partitions {
		if l, ok := found[p]; ok {
			leases = append(leases, l)
		}
	}
	return leases, nil
}

// partitionArgs appends the arguments of a relation of partitions.
func partitionArgs(arguments []any, partitions []driver.Partition) []any {
	for _, p := range partitions {
		arguments = append(arguments, p.Topic, p.Number)
	}
	return arguments
}

// Try implements [driver.Leases].
func (s *Store) Try(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	tries := 1
	err := s.write(ctx, fmt.Sprintf("try %s of %s in group %s", p, l.Partition, group), func(t *Tx) error {
		current, err := t.lease(ctx, group, l.Partition)
		switch {
		case err != nil:
			return err
		case current.Fence != l.Fence:
			return fmt.Errorf("fence %d is now %d: %w", l.Fence, current.Fence, driver.ErrFenced)
		case current.Trying == p:
			tries = current.Tries + 1
		}
		_, err = t.exec(ctx, `UPDATE headrace_lease SET trying_epoch = $4, trying_seq = $5, tries = $6
			WHERE group_name = $1 AND topic = $2 AND partition = $3`,
			group, l.Partition.Topic, l.Partition.Number, int64(p.Epoch), int64(p.Seq), tries)
		return err
	})
	if err != nil {
		return 0, err
	}
	return tries, nil
}
