package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

// Publish implements [driver.Tx].
func (t *Tx) Publish(ctx context.Context, messages []driver.Message) error {
	if len(messages) == 0 {
		return nil
	}
	return t.change(fmt.Sprintf("publish %d messages", len(messages)), func() error {
		if err := t.store.dialect.LockKeys(ctx, t.sql, messages); err != nil {
			return fmt.Errorf("lock keys: %w", t.store.classify(err))
		}
		return t.toOutbox(ctx, messages)
	})
}

// toOutbox puts messages at the end of the outbox.
func (t *Tx) toOutbox(ctx context.Context, messages []driver.Message) error {
	now := micros(t.store.clock.Now())
	values := make([]any, 0, 5*len(messages))
	for _, m := range messages {
		values = append(values, m.Partition.Topic, m.Partition.Number, m.Meta, m.Data, now)
	}
	return t.insert(ctx, "headrace_outbox", []string{"topic", "partition", "meta", "data", "published"}, values)
}

func (t *Tx) insert(ctx context.Context, table string, columns []string, values []any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return t.store.classify(t.store.dialect.Insert(t.store.dialect.Context(ctx), t.sql, table, columns, values))
}

// Pending implements [driver.Relay].
func (s *Store) Pending(ctx context.Context) (count int, oldest time.Time, err error) {
	err = s.read(ctx, "count the outbox", func(q session) error {
		var since int64
		_, err := q.one(ctx, `SELECT count(*), coalesce((SELECT published FROM headrace_outbox ORDER BY id LIMIT 1), 0)
			FROM headrace_outbox`, nil, &count, &since)
		oldest = fromMicros(since)
		return err
	})
	return count, oldest, err
}
