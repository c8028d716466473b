package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/headrace/headrace/driver"
)

// Number implements [driver.Relay]. As long as there is nothing to do it only reads. At most limit timers are moved at once.
func (s *Store) Number(ctx context.Context, fence uint64, limit int) (driver.Numbered, error) {
	todo, err := s.relayWork(ctx, fence)
	if err != nil || !todo.outbox && !todo.timers {
		return driver.Numbered{Next: todo.next}, err
	}
	var numbered driver.Numbered
	err = s.write(ctx, "number the outbox", func(t *Tx) error {
		if err := t.lockFence(ctx, driver.RelayGroup, driver.RelayLease, fence); err != nil {
			return err
		}
		numbered, err = t.number(ctx, todo, limit)
		return err
	})
	if err != nil {
		return driver.Numbered{}, err
	}
	return numbered, nil
}

// relayWork is what there is to do for a relay.
type relayWork struct {
	outbox bool
	timers bool      // some are due
	next   time.Time // when the first timer that is not due will be
}

func (s *Store) relayWork(ctx context.Context, fence uint64) (relayWork, error) {
	var w relayWork
	err := s.read(ctx, "look for something to number", func(q session) error {
		var current, due, now int64
		_, err := q.one(ctx, `SELECT {now}, EXISTS (SELECT 1 FROM headrace_outbox),
			coalesce((SELECT min(due) FROM headrace_timer), 0),
			coalesce((SELECT fence FROM headrace_lease WHERE group_name = $2 AND topic = $3 AND partition = $4), 0)`,
			args(s.dialect.NowArgument(), driver.RelayGroup, driver.RelayLease.Topic, driver.RelayLease.Number),
			&now, &w.outbox, &due, &current)
		if err != nil {
			return err
		}
		if uint64(current) != fence {
			return fmt.Errorf("fence %d is now %d: %w", fence, current, driver.ErrFenced)
		}
		w.timers = due != 0 && due <= now
		if !w.timers {
			w.next = fromMicros(due)
		}
		return nil
	})
	return w, err
}

func (t *Tx) number(ctx context.Context, todo relayWork, limit int) (driver.Numbered, error) {
	n := driver.Numbered{Next: todo.next}
	if todo.timers {
		fired, err := t.fire(ctx, limit)
		if err != nil {
			return n, fmt.Errorf("move due timers: %w", err)
		}
		n.More = fired == limit
		if n.Next, err = t.nextTimer(ctx); err != nil {
			return n, err
		}
	}
	rows, err := t.takeOutbox(ctx, limit)
	if err != nil {
		return n, fmt.Errorf("take from the outbox: %w", err)
	}
	n.More = n.More || len(rows) == limit || size(rows) >= numberBytes
	n.Batches, err = t.appendJournal(ctx, rows)
	return n, err
}

func (t *Tx) nextTimer(ctx context.Context) (time.Time, error) {
	var due int64
	if _, err := t.one(ctx, `SELECT coalesce(min(due), 0) FROM headrace_timer`, nil, &due); err != nil {
		return time.Time{}, fmt.Errorf("look for the next timer: %w", err)
	}
	return fromMicros(due), nil
}

// outboxRow is a message with the number that says how old it is.
type outboxRow struct {
	id        int64
	partition driver.Partition
	meta      []byte
	data      []byte
}

// numberBytes is how much one transaction takes from the outbox: no more once it is passed. While it lasts, heartbeats wait for the relay's lease.
const numberBytes = 4 << 20

// size is how many bytes rows have.
func size(rows []outboxRow) (bytes int) {
	for _, r := range rows {
		bytes += len(r.meta) + len(r.data)
	}
	return bytes
}

// takeOutbox removes the oldest messages and returns them, the oldest first. Only what this statement removed may be numbered: another
// transaction can commit older rows at any time.
func (t *Tx) takeOutbox(ctx context.Context, limit int) ([]outboxRow, error) {
	rows, err := collect(ctx, t.session, `DELETE FROM headrace_outbox WHERE id IN (SELECT id FROM (
			SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS before FROM (
				SELECT id, coalesce(length(meta), 0) + coalesce(length(data), 0) AS bytes FROM headrace_outbox ORDER BY id LIMIT $1
			) AS oldest) AS summed WHERE before < $2)
		RETURNING id, topic, partition, meta, data`, args(limit, numberBytes), func(rows *sql.Rows) (r outboxRow, err error) {
		err = rows.Scan(&r.id, &r.partition.Topic, (*integer)(&r.partition.Number), (*blob)(&r.meta), (*blob)(&r.data))
		return r, err
	})
	slices.SortFunc(rows, func(a, b outboxRow) int { return cmp.Compare(a.id, b.id) })
	return rows, err
}

// appendJournal numbers messages and writes them to the journal.
func (t *Tx) appendJournal(ctx context.Context, rows []outboxRow) ([]driver.Batch, error) {
	batches := group(rows)
	if err := t.moveHeads(ctx, batches); err != nil {
		return nil, fmt.Errorf("move heads: %w", err)
	}
	values := make([]any, 0, 6*len(rows))
	for _, b := range batches {
		for _, e := range b.Entries {
			values = append(values, b.Partition.Topic, b.Partition.Number, int64(e.Position.Epoch), int64(e.Position.Seq), e.Meta, e.Data)
		}
	}
	if err := t.insert(ctx, "headrace_journal", []string{"topic", "partition", "epoch", "seq", "meta", "data"}, values); err != nil {
		return nil, fmt.Errorf("write to the journal: %w", err)
	}
	return batches, nil
}

// group puts messages into batches by partition, sorted by partition, without changing the order within.
func group(rows []outboxRow) []driver.Batch {
	index := map[driver.Partition]int{}
	var batches []driver.Batch
	for _, r := range rows {
		i, ok := index[r.partition]
		if !ok {
			i = len(batches)
			index[r.partition] = i
			batches = append(batches, driver.Batch{Partition: r.partition})
		}
		batches[i].Entries = append(batches[i].Entries, driver.Entry{Meta: r.meta, Data: r.data})
	}
	slices.SortFunc(batches, func(a, b driver.Batch) int { return a.Partition.Compare(b.Partition) })
	return batches
}

// moveHeads moves the heads past the batches and gives the entries their positions.
func (t *Tx) moveHeads(ctx context.Context, batches []driver.Batch) error {
	for chunk := range slices.Chunk(batches, relationRows) {
		values := make([]any, 0, 3*len(chunk))
		byPartition := make(map[driver.Partition]driver.Batch, len(chunk))
		for _, b := range chunk {
			values = append(values, b.Partition.Topic, b.Partition.Number, len(b.Entries))
			byPartition[b.Partition] = b
		}
		err := t.each(ctx, `UPDATE headrace_head SET seq = seq + v.column3 FROM (`+relation(0, len(chunk), "TEXT", "BIGINT", "BIGINT")+
			`) AS v WHERE topic = v.column1 AND partition = v.column2 RETURNING topic, partition, epoch, seq`, values,
			func(rows *sql.Rows) (bool, error) {
				var p driver.Partition
				var head driver.Position
				err := rows.Scan(&p.Topic, (*integer)(&p.Number), (*number)(&head.Epoch), (*number)(&head.Seq))
				place(byPartition[p].Entries, head)
				delete(byPartition, p)
				return true, err
			})
		if err != nil {
			return err
		}
		for p := range byPartition {
			return fmt.Errorf("there is no head of %s: the service was not set up to own it", p)
		}
	}
	return nil
}

// place gives entries the positions that end at head.
func place(entries []driver.Entry, head driver.Position) {
	for i := range entries {
		entries[i].Position = driver.Position{Epoch: head.Epoch, Seq: head.Seq - uint64(len(entries)-1-i)}
	}
}
