// Package archive is the service that keeps every event of every other service, for ever: for timelines, audits and questions that nobody
// has thought of yet. It understands none of them, so it needs no change when a new one appears.
package archive

import (
	"context"
	_ "embed"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/bulk"
	"github.com/headrace/headrace/driver"
)

// Schema creates the service's tables, on SQLite and PostgreSQL.
//
//go:embed schema.sql
var Schema string

// Settings are what a shop may choose. Topics is required.
type Settings struct {
	// Topics are what is archived, each from its beginning.
	Topics []headrace.Topic
	// PublishOnly makes this process one that only asks the service; others, which run it on the same database, relay and handle.
	PublishOnly bool
	// Clock tells the time. Default: the machine's.
	Clock driver.Clock
}

// Archive is the service. Its methods may be called concurrently.
type Archive struct {
	Service *headrace.Service
}

// New makes the service on a store that has the tables of Schema.
func New(store driver.Store, settings Settings) *Archive {
	a := &Archive{}
	handlers := make([]headrace.Handler, len(settings.Topics))
	for n, topic := range settings.Topics {
		handlers[n] = headrace.OnTopic(topic, a.keep)
	}
	a.Service = headrace.NewService(headrace.ServiceConfig{
		Name: "archive", Store: store, PublishOnly: settings.PublishOnly, Clock: settings.Clock, Handlers: handlers,
	})
	return a
}

// keep adds events. One that is there already, at its position, stays as it is.
func (a *Archive) keep(ctx context.Context, tx *headrace.Tx, events []headrace.RawEvent) error {
	rows := make([][]any, len(events))
	for i, e := range events {
		rows[i] = []any{
			e.Topic, e.Partition, int64(e.Position.Epoch), int64(e.Position.Seq), e.ID, e.Type, e.Version, e.Key, e.Time.UnixMicro(),
			e.CorrelationID, e.CausationID, e.Source, string(e.Data),
		}
	}
	_, err := bulk.Insert(ctx, tx.SQL(), `event (topic, part, epoch, seq, id, type, version, key, time, correlation_id, causation_id, source, data)`,
		rows, `ON CONFLICT (topic, part, epoch, seq) DO NOTHING`)
	return err
}
