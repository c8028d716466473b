package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// RaiseEpoch implements [driver.Relay].
func (s *Store) RaiseEpoch(ctx context.Context, p driver.Partition, seen driver.Position) (head driver.Position, raised bool, err error) {
	err = s.write(ctx, "raise the epoch of "+p.String(), func(t *Tx) error {
		if head, err = t.lockHead(ctx, p); err != nil {
			return err
		}
		if raised = seen.After(head); !raised {
			return nil
		}
		head.Epoch = seen.Epoch + 1
		_, err := t.exec(ctx, `UPDATE headrace_head SET epoch = $3 WHERE topic = $1 AND partition = $2`, p.Topic, p.Number, int64(head.Epoch))
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO headrace_epoch (topic, partition, epoch, base) VALUES ($1, $2, $3, $4)`,
			p.Topic, p.Number, int64(head.Epoch), int64(head.Seq))
		return err
	})
	if err != nil {
		return driver.Position{}, false, err
	}
	return head, raised, nil
}

// lockHead reads a head that nobody else may move until the transaction ends.
func (t *Tx) lockHead(ctx context.Context, p driver.Partition) (head driver.Position, err error) {
	found, err := t.one(ctx, `SELECT epoch, seq FROM headrace_head WHERE topic = $1 AND partition = $2 {lock}`,
		args(p.Topic, p.Number), (*number)(&head.Epoch), (*number)(&head.Seq))
	if err == nil && !found {
		err = fmt.Errorf("there is no head of %s: the service was not set up to own it", p)
	}
	return head, err
}

// Heads implements [driver.Journal].
func (s *Store) Heads(ctx context.Context) (map[driver.Partition]driver.Position, error) {
	heads := map[driver.Partition]driver.Position{}
	err := s.read(ctx, "read heads", func(q session) error {
		return q.each(ctx, `SELECT topic, partition, epoch, seq FROM headrace_head`, nil, func(rows *sql.Rows) (bool, error) {
			var p driver.Partition
			var head driver.Position
			err := rows.Scan(&p.Topic, (*integer)(&p.Number), (*number)(&head.Epoch), (*number)(&head.Seq))
			heads[p] = head
			return true, err
		})
	})
	if err != nil {
		return nil, err
	}
	return heads, nil
}
