package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// Heartbeat implements [driver.Leases]. A lease that has expired but that nobody took is held again.
func (s *Store) Heartbeat(ctx context.Context, member string, ttl time.Duration) (driver.Membership, error) {
	what, present := "announce member "+member, driver.Membership{}
	if statement := s.dialect.Heartbeat(); statement != "" {
		err := s.read(ctx, what, func(q session) (err error) {
			present, err = q.heartbeat(ctx, statement, member, ttl)
			return err
		})
		return present, err
	}
	err := s.write(ctx, what, func(t *Tx) (err error) {
		if err = t.announce(ctx, member, ttl); err != nil {
			return err
		}
		present.Members, err = collect(ctx, t.session, `SELECT member FROM headrace_member ORDER BY member`, nil,
			func(rows *sql.Rows) (name string, err error) {
				err = rows.Scan(&name)
				return name, err
			})
		if err != nil {
			return fmt.Errorf("list members: %w", err)
		}
		if present.Slots, err = t.slots(ctx); err != nil {
			return fmt.Errorf("list leases: %w", err)
		}
		return nil
	})
	if err != nil {
		return driver.Membership{}, err
	}
	return present, nil
}

// heartbeat is a heartbeat of one statement.
func (s session) heartbeat(ctx context.Context, statement, member string, ttl time.Duration) (driver.Membership, error) {
	var present driver.Membership
	all, err := collect(ctx, s, statement, args(s.store.dialect.NowArgument(), member, ttl.Microseconds()), scanSlot)
	if err != nil {
		return present, err
	}
	for _, slot := range all {
		if slot.Group == "" {
			present.Members = append(present.Members, slot.Partition.Topic)
		} else {
			present.Slots = append(present.Slots, slot)
		}
	}
	slices.Sort(present.Members)
	return present, nil
}

// announce says that a member lives, extends its leases, and forgets members that have not been heard of.
func (t *Tx) announce(ctx context.Context, member string, ttl time.Duration) error {
	now := t.store.dialect.NowArgument()
	_, err := t.exec(ctx, `INSERT INTO headrace_member (member, expires) VALUES ($2, {now} + $3)
		ON CONFLICT (member) DO UPDATE SET expires = excluded.expires`, now, member, ttl.Microseconds())
	if err != nil {
		return err
	}
	if _, err = t.exec(ctx, `DELETE FROM headrace_member WHERE expires <= {now}`, now); err != nil {
		return fmt.Errorf("forget dead members: %w", err)
	}
	if err = t.lockLeases(ctx, member); err != nil {
		return fmt.Errorf("lock leases: %w", err)
	}
	if _, err = t.exec(ctx, `UPDATE headrace_lease SET expires = {now} + $3 WHERE owner = $2`, now, member, ttl.Microseconds()); err != nil {
		return fmt.Errorf("extend leases: %w", err)
	}
	return nil
}

// lockLeases locks a member's leases in their order, as [Tx.Advance] does.
func (t *Tx) lockLeases(ctx context.Context, member string) error {
	if t.store.dialect.Lock() == "" {
		return nil
	}
	_, err := t.exec(ctx, `SELECT 1 FROM headrace_lease WHERE owner = $1 ORDER BY group_name, topic, partition {lock}`, member)
	return err
}

func (t *Tx) slots(ctx context.Context) ([]driver.Slot, error) {
	return collect(ctx, t.session, `SELECT group_name, topic, partition, fence, CASE WHEN expires > {now} THEN owner ELSE '' END, epoch, seq
		FROM headrace_lease ORDER BY group_name, topic, partition`, args(t.store.dialect.NowArgument()), scanSlot)
}

func scanSlot(rows *sql.Rows) (slot driver.Slot, err error) {
	err = rows.Scan(&slot.Group, &slot.Partition.Topic, (*integer)(&slot.Partition.Number), (*number)(&slot.Fence), &slot.Owner,
		(*number)(&slot.Cursor.Epoch), (*number)(&slot.Cursor.Seq))
	return slot, err
}

// Leave implements [driver.Leases].
func (s *Store) Leave(ctx context.Context, member string) error {
	return s.write(ctx, "withdraw member "+member, func(t *Tx) error {
		_, err := t.exec(ctx, `DELETE FROM headrace_member WHERE member = $1`, member)
		return err
	})
}
