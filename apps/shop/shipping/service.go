// Package shipping is the service that sends parcels, with carriers that are made up.
package shipping

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/headrace/headrace"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/shipping/contract"
	"github.com/headrace/headrace/driver"
)

// Schema creates the service's tables, on SQLite and PostgreSQL.
//
//go:embed schema.sql
var Schema string

// Settings are what a shop may choose. The zero value is a carrier that is everywhere at once.
type Settings struct {
	// Fetch is how long it takes until a parcel is fetched, and Carry how long it is on its way. Default 0.
	Fetch, Carry time.Duration
	// Clock tells the time. Default: the machine's.
	Clock driver.Clock
}

// Shipping is the service.
type Shipping struct {
	Service *headrace.Service

	settings Settings
}

// New makes the service on a store that has the tables of Schema.
func New(store driver.Store, settings Settings) *Shipping {
	s := &Shipping{settings: settings}
	s.Service = headrace.NewService(headrace.ServiceConfig{
		Name:  "shipping",
		Store: store,
		Clock: settings.Clock,
		Owns:  []headrace.Topic{contract.Topic, contract.Steps},
		Handlers: []headrace.Handler{
			headrace.On(orders.CreateShipment, s.create),
			headrace.On(orders.CancelShipment, s.cancel),
			headrace.On(contract.DispatchDue, s.dispatchDue),
			headrace.On(contract.DeliveryDue, s.deliveryDue),
		},
	})
	return s
}

// create hands an order's parcel to a carrier. A request that comes again, or after its undo, changes nothing.
func (s *Shipping) create(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.CreateShipmentData]) error {
	p := shipment{orderID: e.Data.OrderID, id: s.Service.NewID(), state: "created"}
	p.carrier, p.tracking = carrier(p.orderID)
	if s.settings.Fetch == 0 {
		p.state = "dispatched"
		if s.settings.Carry == 0 {
			p.state = "delivered"
		}
	}
	if added, err := add(ctx, tx, p); err != nil || !added {
		return err
	}
	created := contract.CreatedData{ShipmentID: p.id, OrderID: p.orderID, Carrier: p.carrier}
	if err := contract.Created.Publish(tx, created); err != nil {
		return err
	}
	if p.state == "created" {
		return contract.DispatchDue.Publish(tx, contract.StepData{OrderID: p.orderID}, headrace.After(s.settings.Fetch))
	}
	return s.dispatched(tx, p)
}

func (s *Shipping) dispatchDue(ctx context.Context, tx *headrace.Tx, e headrace.Event[contract.StepData]) error {
	p, moved, err := move(ctx, tx, e.Data.OrderID, "created", "dispatched")
	if err != nil || !moved {
		return err
	}
	return s.dispatched(tx, p)
}

// dispatched says that a parcel is on its way, and sees to it that it arrives.
func (s *Shipping) dispatched(tx *headrace.Tx, p shipment) error {
	dispatched := contract.DispatchedData{ShipmentID: p.id, OrderID: p.orderID, Tracking: p.tracking}
	if err := contract.Dispatched.Publish(tx, dispatched); err != nil {
		return err
	}
	if p.state == "dispatched" {
		return contract.DeliveryDue.Publish(tx, contract.StepData{OrderID: p.orderID}, headrace.After(s.settings.Carry))
	}
	return delivered(tx, p)
}

func (s *Shipping) deliveryDue(ctx context.Context, tx *headrace.Tx, e headrace.Event[contract.StepData]) error {
	p, moved, err := move(ctx, tx, e.Data.OrderID, "dispatched", "delivered")
	if err != nil || !moved {
		return err
	}
	return delivered(tx, p)
}

func delivered(tx *headrace.Tx, p shipment) error {
	return contract.Delivered.Publish(tx, contract.DeliveredData{ShipmentID: p.id, OrderID: p.orderID})
}

// cancel takes a parcel back that has not left, and makes sure that none ever leaves: when there is none yet, it leaves a tombstone that
// the late request will find. A parcel that has left is a matter for a person.
func (s *Shipping) cancel(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.OrderData]) error {
	orderID := e.Data.OrderID
	added, err := add(ctx, tx, shipment{orderID: orderID, id: s.Service.NewID(), state: "cancelled"})
	if err != nil {
		return err
	}
	if !added {
		p, moved, err := move(ctx, tx, orderID, "created", "cancelled")
		if err != nil {
			return err
		}
		if !moved && p.state != "cancelled" {
			return headrace.Permanent(fmt.Errorf("cancel shipment of order %s: it is %s", orderID, p.state))
		}
	}
	return contract.Cancelled.Publish(tx, contract.CancelledData{OrderID: orderID})
}
