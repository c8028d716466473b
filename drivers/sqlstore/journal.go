package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/headrace/headrace/driver"
)

// The three kinds of rows that a page is read from. One statement returns them all, so that a page is one consistent state.
const (
	rowHead = iota
	rowEpoch
	rowEntry
)

const pageSQL = `
SELECT 0, epoch, seq, floor_epoch, floor_seq, CAST(NULL AS BYTEA), CAST(NULL AS BYTEA) FROM headrace_head WHERE topic = $1 AND partition = $2
UNION ALL
SELECT 1, epoch, base, 0, 0, NULL, NULL FROM headrace_epoch WHERE topic = $1 AND partition = $2
UNION ALL
SELECT * FROM (
	SELECT 2, epoch, seq, 0, 0, meta, data FROM headrace_journal
	WHERE topic = $1 AND partition = $2 AND (epoch, seq) > ($3, $4) ORDER BY epoch, seq LIMIT $5) AS entries`

// ReadJournal implements [driver.Journal]. The page tells head, floor and epochs with [driver.ErrTrimmed], too.
func (s *Store) ReadJournal(ctx context.Context, p driver.Partition, after driver.Position, limit, maxBytes int) (driver.Page, error) {
	reader := pageReader{maxBytes: maxBytes}
	err := s.read(ctx, fmt.Sprintf("read journal %s after %s", p, after), func(q session) error {
		arguments := args(p.Topic, p.Number, int64(after.Epoch), int64(after.Seq), max(limit, 0))
		if err := q.each(ctx, pageSQL, arguments, reader.row); err != nil {
			return err
		}
		return reader.finish(p, after)
	})
	return reader.page, err
}

type pageReader struct {
	page     driver.Page
	maxBytes int
	bytes    int
	head     bool // it has come
}

func (r *pageReader) row(rows *sql.Rows) (more bool, err error) {
	var kind int
	var at, floor driver.Position
	var meta, data []byte
	if err := rows.Scan(&kind, (*number)(&at.Epoch), (*number)(&at.Seq), (*number)(&floor.Epoch), (*number)(&floor.Seq), (*blob)(&meta), (*blob)(&data)); err != nil {
		return false, err
	}
	switch kind {
	case rowHead:
		r.head, r.page.Head, r.page.Floor = true, at, floor
	case rowEpoch:
		r.page.Epochs = append(r.page.Epochs, driver.Epoch{Number: at.Epoch, Base: at.Seq})
	case rowEntry:
		r.bytes += len(meta) + len(data)
		if len(r.page.Entries) > 0 && r.bytes > r.maxBytes {
			return false, nil
		}
		r.page.Entries = append(r.page.Entries, driver.Entry{Position: at, Meta: meta, Data: data})
	}
	return true, nil
}

func (r *pageReader) finish(p driver.Partition, after driver.Position) error {
	if !r.head {
		return fmt.Errorf("there is no head of %s: the service was not set up to own it", p)
	}
	slices.SortFunc(r.page.Epochs, func(a, b driver.Epoch) int { return cmp.Compare(a.Number, b.Number) })
	if r.page.Floor.Seq > 0 && r.page.Floor.After(after) {
		r.page.Entries = nil
		return fmt.Errorf("its floor is %s: %w", r.page.Floor, driver.ErrTrimmed)
	}
	return nil
}

// trimStep is how many entries one transaction forgets at most, so that others get their turn.
const trimStep = 5000

// TrimJournal implements [driver.Journal]. It works in steps of 5,000 entries, each a transaction: when it fails, what it did before
// stays done and is counted.
func (s *Store) TrimJournal(ctx context.Context, p driver.Partition, upTo driver.Position) (int, error) {
	for total := 0; ; {
		n := 0
		err := s.write(ctx, fmt.Sprintf("trim journal %s up to %s", p, upTo), func(t *Tx) (err error) {
			n, err = t.trim(ctx, p, upTo)
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < trimStep {
			return total, nil
		}
	}
}

func (t *Tx) trim(ctx context.Context, p driver.Partition, upTo driver.Position) (int, error) {
	if _, err := t.lockHead(ctx, p); err != nil {
		return 0, err
	}
	var floor driver.Position
	found, err := t.one(ctx, `SELECT epoch, seq FROM (
			SELECT epoch, seq FROM headrace_journal WHERE topic = $1 AND partition = $2 AND (epoch, seq) <= ($3, $4)
			ORDER BY epoch, seq LIMIT $5) AS gone ORDER BY epoch DESC, seq DESC LIMIT 1`,
		args(p.Topic, p.Number, int64(upTo.Epoch), int64(upTo.Seq), trimStep), (*number)(&floor.Epoch), (*number)(&floor.Seq))
	if err != nil || !found {
		return 0, err
	}
	n, err := t.exec(ctx, `DELETE FROM headrace_journal WHERE topic = $1 AND partition = $2 AND (epoch, seq) <= ($3, $4)`,
		p.Topic, p.Number, int64(floor.Epoch), int64(floor.Seq))
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `UPDATE headrace_head SET floor_epoch = $3, floor_seq = $4 WHERE topic = $1 AND partition = $2`,
		p.Topic, p.Number, int64(floor.Epoch), int64(floor.Seq))
	return n, err
}
