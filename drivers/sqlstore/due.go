package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/headrace/headrace/driver"
)

var errNotParked = errors.New("it is not parked")

// DueParked implements [driver.ParkedEvents].
func (s *Store) DueParked(ctx context.Context, group string, partitions []driver.Partition, limit int) (driver.ParkedSummary, error) {
	summary := driver.ParkedSummary{Holding: map[driver.Partition]bool{}}
	what := "look for due events of group " + group
	some := false
	err := s.read(ctx, what, func(q session) error {
		_, err := q.one(ctx, `SELECT EXISTS (SELECT 1 FROM headrace_parked WHERE group_name = $1)`, args(group), &some)
		return err
	})
	if err != nil || !some || len(partitions) == 0 {
		summary.Vacant = err == nil && !some
		return summary, err
	}
	t, err := s.begin(ctx, true, sql.LevelRepeatableRead) // so that all parts of the summary are of one state
	if err == nil {
		err = t.summarize(ctx, group, partitions, limit, &summary)
		err = errors.Join(err, t.Rollback(ctx))
	}
	if err != nil {
		return driver.ParkedSummary{}, fmt.Errorf("%s: %w", what, err)
	}
	return summary, nil
}

func (t *Tx) summarize(ctx context.Context, group string, partitions []driver.Partition, limit int, summary *driver.ParkedSummary) error {
	for chunk := range slices.Chunk(partitions, relationRows) {
		due, next, err := t.due(ctx, group, chunk, limit)
		if err != nil {
			return err
		}
		summary.Due = append(summary.Due, due...)
		summary.Next = earliest(summary.Next, next)
		if err := t.holding(ctx, group, chunk, summary.Holding); err != nil {
			return fmt.Errorf("look for partitions with held keys: %w", err)
		}
	}
	slices.SortFunc(summary.Due, func(a, b driver.Parked) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		if c := a.Partition.Compare(b.Partition); c != 0 {
			return c
		}
		return a.Entry.Position.Compare(b.Entry.Position)
	})
	if len(summary.Due) > limit {
		summary.Next = earliest(summary.Next, summary.Due[limit].Due)
		summary.Due = summary.Due[:limit]
	}
	return nil
}

// earliest is the earlier of two times of which each may be missing.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// runnable selects the events of some partitions that are run when they are due, the first to become due first.
func runnable(before, partitions int) string {
	return ` FROM headrace_parked WHERE group_name = $` + strconv.Itoa(before+1) + ` AND state IN ('retrying', 'discarding')
		AND (topic, partition) IN (` + relation(before+1, partitions, "TEXT", "BIGINT") + `)`
}

const byDue = ` ORDER BY due, topic, partition, epoch, seq `

// due returns the first events that are due in some partitions, and when the one after them is.
func (t *Tx) due(ctx context.Context, group string, partitions []driver.Partition, limit int) ([]driver.Parked, time.Time, error) {
	due, err := collect(ctx, t.session, `SELECT `+parkedColumns+runnable(2, len(partitions))+` AND due <= {now}`+byDue+`LIMIT $2`,
		partitionArgs(args(t.store.dialect.NowArgument(), limit, group), partitions), scanParked)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read due events: %w", err)
	}
	var next int64
	_, err = t.one(ctx, `SELECT due`+runnable(1, len(partitions))+byDue+`LIMIT 1 OFFSET $1`,
		partitionArgs(args(len(due), group), partitions), &next)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("look for the event that is due next: %w", err)
	}
	return due, fromMicros(next), nil
}

func (t *Tx) holding(ctx context.Context, group string, partitions []driver.Partition, holding map[driver.Partition]bool) error {
	return t.each(ctx, `SELECT column1, column2 FROM (`+relation(1, len(partitions), "TEXT", "BIGINT")+`) AS v
		WHERE EXISTS (SELECT 1 FROM headrace_parked WHERE group_name = $1 AND topic = column1 AND partition = column2 AND holds = 1)`,
		partitionArgs(args(group), partitions), func(rows *sql.Rows) (bool, error) {
			var p driver.Partition
			err := rows.Scan(&p.Topic, (*integer)(&p.Number))
			holding[p] = true
			return true, err
		})
}

// TryParked implements [driver.ParkedEvents]. Trying what is not parked is an error.
func (s *Store) TryParked(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	tries := 0
	err := s.write(ctx, fmt.Sprintf("try parked event %s of %s in group %s", p, l.Partition, group), func(t *Tx) error {
		if err := t.lockFence(ctx, group, l.Partition, l.Fence); err != nil {
			return err
		}
		found, err := t.one(ctx, `UPDATE headrace_parked SET tries = tries + 1
			WHERE group_name = $1 AND topic = $2 AND partition = $3 AND epoch = $4 AND seq = $5 RETURNING tries`,
			args(group, l.Partition.Topic, l.Partition.Number, int64(p.Epoch), int64(p.Seq)), &tries)
		if err == nil && !found {
			err = errNotParked
		}
		return err
	})
	return tries, err
}
