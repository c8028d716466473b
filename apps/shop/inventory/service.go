// Package inventory is the service that knows what the shop sells and how many pieces are where: on the shelf, reserved for an order, or
// shipped. It promises that no piece is ever promised twice and none is ever lost.
package inventory

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"

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
		Handlers: []headrace.Handler{
			headrace.On(orders.ReserveStock, i.reserve),
			headrace.On(orders.ReleaseStock, i.release),
			headrace.On(orders.CommitStock, i.commit),
		},
	})
	return i
}

// reserve sets all lines of an order aside, or none. A request that comes again is answered again; one that was released before it came is
// dropped, because the release has been answered.
func (i *Inventory) reserve(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.ReserveStockData]) error {
	db := i.db(tx)
	if err := db.enter(ctx); err != nil {
		return err
	}
	orderID := e.Data.OrderID
	if r, found, err := db.reservation(ctx, orderID); err != nil || found {
		if err == nil && r.state == "reserved" {
			err = contract.Reserved.Publish(tx, contract.ReservedData{ReservationID: r.id, OrderID: orderID, Lines: r.lines})
		}
		return err
	}
	lines := wanted(e.Data.Lines)
	onHand, err := db.onHand(ctx, lines)
	if err != nil {
		return err
	}
	if missing := shortages(lines, onHand); len(missing) > 0 || len(lines) == 0 {
		return contract.Rejected.Publish(tx, contract.RejectedData{OrderID: orderID, Shortages: missing})
	}
	r := reservation{orderID: orderID, id: i.Service.NewID(), state: "reserved", lines: lines}
	if err := db.addReservation(ctx, r); err != nil {
		return err
	}
	if err := db.apply(ctx, orderID, reserve, lines); err != nil {
		return err
	}
	if err := i.warn(tx, lines, onHand); err != nil {
		return err
	}
	return contract.Reserved.Publish(tx, contract.ReservedData{ReservationID: r.id, OrderID: orderID, Lines: lines})
}

func (i *Inventory) warn(tx *headrace.Tx, lines []contract.Item, onHand map[string]int64) error {
	for _, line := range lines {
		before := onHand[line.SKU]
		if !crossesLow(before, line.Qty, i.settings.Low) {
			continue
		}
		if err := contract.StockLow.Publish(tx, contract.StockLowData{SKU: line.SKU, OnHand: before - line.Qty}); err != nil {
			return err
		}
	}
	return nil
}

// release gives back what an order has, and makes sure that it never gets anything: when there is no reservation yet, it leaves a
// tombstone that the late request will find.
func (i *Inventory) release(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.OrderData]) error {
	db := i.db(tx)
	if err := db.enter(ctx); err != nil {
		return err
	}
	r, found, err := db.reservation(ctx, e.Data.OrderID)
	switch {
	case err != nil:
		return err
	case !found:
		r = reservation{orderID: e.Data.OrderID, id: i.Service.NewID(), state: "released"}
		err = db.addReservation(ctx, r)
	case r.state == "reserved":
		err = i.end(ctx, tx, r, release)
	case r.state == "committed":
		return headrace.Permanent(fmt.Errorf("release stock of order %s: it has left the shelf", r.orderID))
	}
	if err != nil {
		return err
	}
	return contract.Released.Publish(tx, contract.ReleasedData{OrderID: r.orderID, Lines: r.lines})
}

// commit takes what an order has off the shelf for good.
func (i *Inventory) commit(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.OrderData]) error {
	db := i.db(tx)
	if err := db.enter(ctx); err != nil {
		return err
	}
	r, found, err := db.reservation(ctx, e.Data.OrderID)
	switch {
	case err != nil:
		return err
	case !found || r.state == "released":
		return headrace.Permanent(fmt.Errorf("commit stock of order %s: nothing is reserved", e.Data.OrderID))
	case r.state == "reserved":
		if err := i.end(ctx, tx, r, commit); err != nil {
			return err
		}
	}
	return contract.Committed.Publish(tx, contract.CommittedData{OrderID: r.orderID, Lines: r.lines})
}

// end closes a reservation that holds stock.
func (i *Inventory) end(ctx context.Context, tx *headrace.Tx, r reservation, how kind) error {
	db := i.db(tx)
	state := map[kind]string{release: "released", commit: "committed"}[how]
	if err := db.endReservation(ctx, r.orderID, state); err != nil {
		return err
	}
	return db.apply(ctx, r.orderID, how, r.lines)
}

func (i *Inventory) db(tx *headrace.Tx) table { return table{sql: tx.SQL(), now: tx.Now().UnixMicro()} }
