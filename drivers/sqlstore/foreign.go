package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// AddForeign implements [driver.Parking].
func (t *Tx) AddForeign(ctx context.Context, group string, items []driver.Foreign) error {
	if len(items) == 0 {
		return nil
	}
	return t.change(fmt.Sprintf("keep %d foreign entries of group %s", len(items), group), func() error {
		values := make([]any, 0, 8*len(items))
		for _, f := range items {
			values = append(values, group, f.Partition.Topic, f.Partition.Number, int64(f.Position.Epoch), int64(f.Position.Seq),
				f.Data, f.Reason, micros(f.Time))
		}
		return t.insert(ctx, "headrace_foreign_entry", []string{"group_name", "topic", "partition", "epoch", "seq", "data", "reason", "found"}, values)
	})
}

// ListForeign implements [driver.ParkedEvents].
func (s *Store) ListForeign(ctx context.Context, group string, limit int) (list []driver.Foreign, err error) {
	err = s.read(ctx, "list foreign entries of group "+group, func(q session) error {
		list, err = collect(ctx, q, `SELECT topic, partition, epoch, seq, data, reason, found FROM headrace_foreign_entry
			WHERE group_name = $1 ORDER BY found DESC, id DESC LIMIT $2`, args(group, max(limit, 0)), scanForeign)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func scanForeign(rows *sql.Rows) (f driver.Foreign, err error) {
	var found int64
	err = rows.Scan(&f.Partition.Topic, (*integer)(&f.Partition.Number), (*number)(&f.Position.Epoch), (*number)(&f.Position.Seq),
		(*blob)(&f.Data), &f.Reason, &found)
	f.Time = fromMicros(found)
	return f, err
}
