// Package inventory is the service that knows what the shop sells and how many pieces are where: on the shelf, reserved for an order, or
// shipped. It promises that no piece is ever promised twice and none is ever lost.
package inventory

import (
	"cmp"
	"context"
	_ "embed"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/driver"
)

// Schema creates the service's tables, on SQLite and PostgreSQL.
//
//go:embed schema.sql
var Schema string

// Settings are what a shop may choose. The zero value is useful.
type Settings struct {
	// Low is below how many pieces a StockLow event warns. Default 3.
	Low int64
	// PublishOnly makes this process one that only asks the service; others, which run it on the same database, relay and handle.
	PublishOnly bool
	// Clock tells the time. Default: the machine's.
	Clock driver.Clock
}

// Inventory is the service. Its methods may be called concurrently.
type Inventory struct {
	Service *headrace.Service

	settings Settings
}

// New makes the service on a store that has the tables of Schema.
func New(store driver.Store, settings Settings) *Inventory {
	settings.Low = cmp.Or(settings.Low, 3)
	i := &Inventory{settings: settings}
	i.Service = headrace.NewService(headrace.ServiceConfig{
		Name:        "inventory",
		Store:       store,
		PublishOnly: settings.PublishOnly,
		Clock:       settings.Clock,
		Owns:        []headrace.Topic{contract.Topic},
		Workers:     1, // those who move stock go one after the other anyway; one that takes more at a time is faster than several that wait
		Handlers:    []headrace.Handler{headrace.OnTopic(orders.Fulfilment, i.hear)},
	})
	return i
}

// hear answers what is asked of inventory among a batch of events: together, because whoever moves stock keeps all others waiting.
func (i *Inventory) hear(ctx context.Context, tx *headrace.Tx, events []headrace.RawEvent) error {
	requests, err := readRequests(events)
	if err != nil || len(requests) == 0 {
		return err
	}
	db := i.db(tx)
	if err := db.enter(ctx); err != nil {
		return err
	}
	s, err := db.shelf(ctx, requests)
	if err != nil {
		return err
	}
	s.newID, s.low = i.Service.NewID, i.settings.Low
	for _, r := range requests {
		if err := s.decide(r); err != nil {
			return err
		}
	}
	for _, a := range s.answers {
		if err := a.say(tx, headrace.CausedBy(a.cause)); err != nil {
			return err
		}
	}
	return db.keep(ctx, s)
}

func (i *Inventory) db(tx *headrace.Tx) table { return table{sql: tx.SQL(), now: tx.Now().UnixMicro()} }
