package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/headrace/headrace/driver"
)

// Schedule implements [driver.Tx].
func (t *Tx) Schedule(ctx context.Context, timers []driver.Timer) error {
	if len(timers) == 0 {
		return nil
	}
	return t.change(fmt.Sprintf("schedule %d timers", len(timers)), func() error {
		values := make([]any, 0, 6*len(timers))
		for _, timer := range timers {
			m := timer.Message
			values = append(values, timer.Token, micros(timer.Due), m.Partition.Topic, m.Partition.Number, m.Meta, m.Data)
		}
		return t.insert(ctx, "headrace_timer", []string{"token", "due", "topic", "partition", "meta", "data"}, values)
	})
}

// Cancel implements [driver.Tx].
func (t *Tx) Cancel(ctx context.Context, token string) (bool, error) {
	what := "cancel timer " + token
	if err := t.writable(what); err != nil {
		return false, err
	}
	n, err := t.exec(ctx, `DELETE FROM headrace_timer WHERE token = $1`, token)
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	return n > 0, nil
}

// dueTimer is a timer on its way to the outbox.
type dueTimer struct {
	id  int64
	due int64
	driver.Message
}

// fire moves up to limit timers that are due to the end of the outbox, in the order in which they fell due. It returns how many went. Only
// what its statement removed may go: others are cancelled at any time.
func (t *Tx) fire(ctx context.Context, limit int) (int, error) {
	timers, err := collect(ctx, t.session, `DELETE FROM headrace_timer WHERE id IN (
			SELECT id FROM headrace_timer WHERE due <= {now} ORDER BY due, id LIMIT $2)
		RETURNING id, due, topic, partition, meta, data`, args(t.store.dialect.NowArgument(), limit),
		func(rows *sql.Rows) (d dueTimer, err error) {
			err = rows.Scan(&d.id, &d.due, &d.Partition.Topic, (*integer)(&d.Partition.Number), (*blob)(&d.Meta), (*blob)(&d.Data))
			return d, err
		})
	if err != nil || len(timers) == 0 {
		return 0, err
	}
	slices.SortFunc(timers, func(a, b dueTimer) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id)) })
	messages := make([]driver.Message, len(timers))
	for i, d := range timers {
		messages[i] = d.Message
	}
	return len(timers), t.toOutbox(ctx, messages)
}
