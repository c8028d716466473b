package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/headrace/headrace/driver"
)

// Advance implements [driver.Tx].
func (t *Tx) Advance(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	what := fmt.Sprintf("advance %d cursors of group %s", len(moves), group)
	if err := t.writable(what); err != nil {
		return 0, err
	}
	moves = slices.SortedFunc(slices.Values(moves), func(a, b driver.Advance) int { return a.Partition.Compare(b.Partition) })
	moved := 0
	for chunk := range slices.Chunk(moves, relationRows) {
		n, err := t.advance(ctx, group, chunk)
		if err != nil {
			return moved, fmt.Errorf("%s: %w", what, err)
		}
		moved += n
	}
	return moved, nil
}

func (t *Tx) advance(ctx context.Context, group string, chunk []driver.Advance) (int, error) {
	if err := t.lockCursors(ctx, group, chunk); err != nil {
		return 0, fmt.Errorf("lock rows: %w", err)
	}
	var moves, stays []driver.Advance
	for _, m := range chunk {
		if m.From == m.To {
			stays = append(stays, m)
		} else {
			moves = append(moves, m)
		}
	}
	moved, err := t.move(ctx, group, moves)
	if err != nil {
		return 0, err
	}
	stayed, err := t.stay(ctx, group, stays)
	return moved + stayed, err
}

// lockCursors locks rows in their order, where a statement that changes several rows locks them in any order.
func (t *Tx) lockCursors(ctx context.Context, group string, moves []driver.Advance) error {
	if t.store.dialect.Lock() == "" {
		return nil
	}
	partitions := make([]driver.Partition, len(moves))
	for i, m := range moves {
		partitions[i] = m.Partition
	}
	_, err := t.exec(ctx, `SELECT 1 FROM headrace_lease WHERE group_name = $1 AND (topic, partition) IN (`+
		relation(1, len(moves), "TEXT", "BIGINT")+`) ORDER BY topic, partition {lock}`, partitionArgs(args(group), partitions)...)
	return err
}

// move changes the rows that are as the moves say, and returns how many there were.
func (t *Tx) move(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	if len(moves) == 0 {
		return 0, nil
	}
	arguments := args(group)
	for _, m := range moves {
		arguments = append(arguments, m.Partition.Topic, m.Partition.Number, int64(m.Fence),
			int64(m.From.Epoch), int64(m.From.Seq), int64(m.To.Epoch), int64(m.To.Seq))
	}
	return t.exec(ctx, `UPDATE headrace_lease SET epoch = v.column6, seq = v.column7, trying_epoch = 0, trying_seq = 0, tries = 0
		FROM (`+relation(1, len(moves), "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "BIGINT")+`) AS v
		WHERE group_name = $1 AND topic = v.column1 AND partition = v.column2 AND fence = v.column3 AND epoch = v.column4 AND seq = v.column5`,
		arguments...)
}

// stay counts the rows that are as the moves say.
func (t *Tx) stay(ctx context.Context, group string, moves []driver.Advance) (n int, err error) {
	if len(moves) == 0 {
		return 0, nil
	}
	arguments := args(group)
	for _, m := range moves {
		arguments = append(arguments, m.Partition.Topic, m.Partition.Number, int64(m.Fence), int64(m.From.Epoch), int64(m.From.Seq))
	}
	_, err = t.one(ctx, `SELECT count(*) FROM headrace_lease
		JOIN (`+relation(1, len(moves), "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT")+`) AS v
		ON topic = v.column1 AND partition = v.column2 AND fence = v.column3 AND epoch = v.column4 AND seq = v.column5
		WHERE group_name = $1`, arguments, &n)
	return n, err
}
