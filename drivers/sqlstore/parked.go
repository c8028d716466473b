package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/headrace/headrace/driver"
)

var parkedFields = []string{
	"group_name", "topic", "partition", "epoch", "seq", "event_id", "key", "state", "holds", "attempts", "tries", "due", "handler", "reason",
	"error", "parked", "failed", "meta", "data",
}

const parkedColumns = `topic, partition, epoch, seq, event_id, key, state, holds, attempts, tries, due, handler, reason, error, parked, failed,
	meta, data`

func parkedValues(values []any, group string, e driver.Parked) []any {
	return append(values, group, e.Partition.Topic, e.Partition.Number, int64(e.Entry.Position.Epoch), int64(e.Entry.Position.Seq),
		e.EventID, e.Key, string(e.State), bit(e.Holds), e.Attempts, e.Tries, micros(e.Due), e.Handler, e.Reason,
		e.Error, micros(e.ParkedAt), micros(e.FailedAt), e.Entry.Meta, e.Entry.Data)
}

func scanParked(rows *sql.Rows) (e driver.Parked, err error) {
	var due, parked, failed int64
	err = rows.Scan(&e.Partition.Topic, (*integer)(&e.Partition.Number), (*number)(&e.Entry.Position.Epoch), (*number)(&e.Entry.Position.Seq),
		&e.EventID, &e.Key, (*string)(&e.State), &e.Holds, (*integer)(&e.Attempts), (*integer)(&e.Tries), &due, &e.Handler, &e.Reason,
		&e.Error, &parked, &failed, (*blob)(&e.Entry.Meta), (*blob)(&e.Entry.Data))
	e.Due, e.ParkedAt, e.FailedAt = fromMicros(due), fromMicros(parked), fromMicros(failed)
	return e, err
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Park implements [driver.Parking]. Parking what is parked already is an error.
func (t *Tx) Park(ctx context.Context, group string, events []driver.Parked) error {
	if len(events) == 0 {
		return nil
	}
	return t.change(fmt.Sprintf("park %d events of group %s", len(events), group), func() error {
		values := make([]any, 0, len(parkedFields)*len(events))
		for _, e := range events {
			values = parkedValues(values, group, e)
		}
		return t.insert(ctx, "headrace_parked", parkedFields, values)
	})
}

// Held implements [driver.Parking].
func (t *Tx) Held(ctx context.Context, group string, keys map[driver.Partition][]string) (map[driver.Partition][]string, error) {
	held := map[driver.Partition][]string{}
	var some bool
	_, err := t.one(ctx, `SELECT EXISTS (SELECT 1 FROM headrace_parked WHERE group_name = $1 AND holds = 1)`, args(group), &some)
	if err == nil && some {
		for chunk := range slices.Chunk(flatten(keys), relationRows) {
			if err = t.held(ctx, group, chunk, held); err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look for held keys of group %s: %w", group, err)
	}
	return held, nil
}

// keyOf is a key in its partition.
type keyOf struct {
	partition driver.Partition
	key       string
}

func flatten(keys map[driver.Partition][]string) []keyOf {
	var flat []keyOf
	for p, list := range keys {
		for _, key := range list {
			flat = append(flat, keyOf{p, key})
		}
	}
	return flat
}

// held adds those keys that have an event which holds later ones.
func (t *Tx) held(ctx context.Context, group string, keys []keyOf, held map[driver.Partition][]string) error {
	arguments := args(group)
	for _, k := range keys {
		arguments = append(arguments, k.partition.Topic, k.partition.Number, k.key)
	}
	return t.each(ctx, `SELECT DISTINCT column1, column2, column3 FROM (`+relation(1, len(keys), "TEXT", "BIGINT", "TEXT")+`) AS v
		WHERE EXISTS (SELECT 1 FROM headrace_parked WHERE group_name = $1 AND topic = column1 AND partition = column2 AND key = column3
			AND holds = 1)`, arguments, func(rows *sql.Rows) (bool, error) {
		var k keyOf
		err := rows.Scan(&k.partition.Topic, (*integer)(&k.partition.Number), &k.key)
		held[k.partition] = append(held[k.partition], k.key)
		return true, err
	})
}

// Queue implements [driver.Parking].
func (t *Tx) Queue(ctx context.Context, group string, p driver.Partition, key string, limit int) ([]driver.Parked, error) {
	queue, err := collect(ctx, t.session, `SELECT `+parkedColumns+` FROM headrace_parked
		WHERE group_name = $1 AND topic = $2 AND partition = $3 AND key = $4 AND state = 'waiting' ORDER BY epoch, seq LIMIT $5`,
		args(group, p.Topic, p.Number, key, max(limit, 0)), scanParked)
	if err != nil {
		return nil, fmt.Errorf("read the queue of key %q of %s in group %s: %w", key, p, group, err)
	}
	return queue, nil
}

// Unpark implements [driver.Parking]. Positions at which nothing is parked are passed over.
func (t *Tx) Unpark(ctx context.Context, group string, p driver.Partition, positions []driver.Position) error {
	return t.change(fmt.Sprintf("unpark %d events of %s in group %s", len(positions), p, group), func() error {
		for _, at := range positions {
			_, err := t.exec(ctx, `DELETE FROM headrace_parked WHERE group_name = $1 AND topic = $2 AND partition = $3 AND epoch = $4 AND seq = $5`,
				group, p.Topic, p.Number, int64(at.Epoch), int64(at.Seq))
			if err != nil {
				return fmt.Errorf("at %s: %w", at, err)
			}
		}
		return nil
	})
}

// Repark implements [driver.Parking]. Reparking what is not parked is an error.
func (t *Tx) Repark(ctx context.Context, group string, e driver.Parked) error {
	at := e.Entry.Position
	return t.change(fmt.Sprintf("repark %s of %s in group %s", at, e.Partition, group), func() error {
		n, err := t.exec(ctx, `UPDATE headrace_parked
			SET state = $6, holds = $7, attempts = $8, tries = $9, due = $10, handler = $11, reason = $12, error = $13, failed = $14
			WHERE group_name = $1 AND topic = $2 AND partition = $3 AND epoch = $4 AND seq = $5`,
			group, e.Partition.Topic, e.Partition.Number, int64(at.Epoch), int64(at.Seq),
			string(e.State), bit(e.Holds), e.Attempts, e.Tries, micros(e.Due), e.Handler, e.Reason, e.Error, micros(e.FailedAt))
		if err == nil && n == 0 {
			err = errNotParked
		}
		return err
	})
}
