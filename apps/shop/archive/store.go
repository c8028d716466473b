package archive

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/archive/contract"
)

const (
	selectEvent = `SELECT id, epoch, seq, topic, part, type, version, key, time, correlation_id, causation_id, source, data FROM event `
	inOrder     = ` ORDER BY time, id LIMIT `
)

// Timeline returns everything that one outside request set off. Events of different services are ordered by their clocks.
func (a *Archive) Timeline(ctx context.Context, q contract.Timeline) (contract.Events, error) {
	events, err := a.find(ctx, selectEvent+`WHERE correlation_id = $1`+inOrder+`$2`, q.CorrelationID, limit(q.Limit))
	if err != nil {
		return contract.Events{}, fmt.Errorf("read timeline of %s: %w", q.CorrelationID, err)
	}
	return events, nil
}

// History returns the events of a key.
func (a *Archive) History(ctx context.Context, q contract.History) (contract.Events, error) {
	events, err := a.find(ctx, selectEvent+`WHERE key = $1 AND ($2 = '' OR topic = $2)`+inOrder+`$3`, q.Key, q.Topic, limit(q.Limit))
	if err != nil {
		return contract.Events{}, fmt.Errorf("read history of %s: %w", q.Key, err)
	}
	return events, nil
}

func limit(asked int) int { return min(cmp.Or(max(asked, 0), 200), 1000) }

func (a *Archive) find(ctx context.Context, query string, args ...any) (contract.Events, error) {
	found := contract.Events{Events: []contract.Event{}}
	err := a.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		rows, err := tx.SQL().QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e, err := scan(rows)
			if err != nil {
				return err
			}
			found.Events = append(found.Events, e)
		}
		return rows.Err()
	})
	return found, err
}

func scan(rows *sql.Rows) (contract.Event, error) {
	var e contract.Event
	var p headrace.Position
	var at int64
	var data string
	err := rows.Scan(&e.ID, &p.Epoch, &p.Seq, &e.Topic, &e.Partition, &e.Type, &e.Version, &e.Key, &at, &e.CorrelationID, &e.CausationID,
		&e.Source, &data)
	e.Position, e.Time, e.Data = p.String(), time.UnixMicro(at).UTC(), json.RawMessage(data)
	return e, err
}
