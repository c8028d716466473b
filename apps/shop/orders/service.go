// Package orders is the service that takes orders and sees each of them through: stock reserved, payment authorised, parcel sent, money
// taken, or everything given back. It promises that every order ends, or says that it needs a person.
package orders

import (
	_ "embed"
	"slices"
	"time"

	"github.com/headrace/headrace"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/orders/contract"
	payments "github.com/headrace/headrace/apps/shop/payments/contract"
	shipping "github.com/headrace/headrace/apps/shop/shipping/contract"
	"github.com/headrace/headrace/driver"
)

// Schema creates the service's tables, on SQLite and PostgreSQL.
//
//go:embed schema.sql
var Schema string

// Settings are what a shop may choose. The zero value is useful.
type Settings struct {
	// CancelWithin is how long a confirmed order can still be cancelled before its parcel is asked for. Default 0: an order goes on at once,
	// and can be cancelled until its payment is authorised.
	CancelWithin time.Duration
	// PublishOnly makes this process one that only asks the service; others, which run it on the same database, relay and handle.
	PublishOnly bool
	// Clock tells the time. Default: the machine's.
	Clock driver.Clock
}

// Orders is the service. Its methods may be called concurrently.
type Orders struct {
	Service *headrace.Service

	settings Settings
}

// New makes the service on a store that has the tables of Schema.
func New(store driver.Store, settings Settings) *Orders {
	o := &Orders{settings: settings}
	o.Service = headrace.NewService(headrace.ServiceConfig{
		Name:        "orders",
		Store:       store,
		PublishOnly: settings.PublishOnly,
		Clock:       settings.Clock,
		Owns:        []headrace.Topic{contract.Topic, contract.Fulfilment, contract.Reminders},
		Handlers:    o.handlers(),
	})
	return o
}

// handlers are what moves orders, by who says it.
func (o *Orders) handlers() []headrace.Handler {
	own := headrace.On(contract.ShipmentDue, hear(o, shipmentDue, func(d contract.OrderData) reply { return reply{orderID: d.OrderID} }))
	return slices.Concat(o.ofInventory(), o.ofPayments(), o.ofShipping(), []headrace.Handler{own})
}

func (o *Orders) ofInventory() []headrace.Handler {
	return []headrace.Handler{
		headrace.On(inventory.ProductListed, o.productListed),
		headrace.On(inventory.PriceChanged, o.priceChanged),
		headrace.On(inventory.Reserved, hear(o, stockReserved, func(d inventory.ReservedData) reply {
			return reply{orderID: d.OrderID}
		})),
		headrace.On(inventory.Rejected, hear(o, stockRejected, func(d inventory.RejectedData) reply {
			return reply{orderID: d.OrderID}
		})),
		headrace.On(inventory.Released, hear(o, stockReleased, func(d inventory.ReleasedData) reply {
			return reply{orderID: d.OrderID, held: len(d.Lines) > 0}
		})),
		headrace.On(inventory.Committed, hear(o, stockCommitted, func(d inventory.CommittedData) reply {
			return reply{orderID: d.OrderID}
		})),
	}
}

func (o *Orders) ofPayments() []headrace.Handler {
	return []headrace.Handler{
		headrace.On(payments.Authorized, hear(o, paymentAuthorized, func(d payments.AuthorizedData) reply {
			return reply{orderID: d.OrderID}
		})),
		headrace.On(payments.Declined, hear(o, paymentDeclined, func(d payments.DeclinedData) reply {
			return reply{orderID: d.OrderID}
		})),
		headrace.On(payments.Captured, hear(o, paymentCaptured, func(d payments.CapturedData) reply {
			return reply{orderID: d.OrderID}
		})),
		headrace.On(payments.CaptureFailed, hear(o, captureFailed, func(d payments.CaptureFailedData) reply {
			return reply{orderID: d.OrderID}
		})),
		headrace.On(payments.Voided, hear(o, paymentVoided, func(d payments.VoidedData) reply {
			return reply{orderID: d.OrderID, held: d.Held}
		})),
	}
}

func (o *Orders) ofShipping() []headrace.Handler {
	return []headrace.Handler{
		headrace.On(shipping.Failed, hear(o, shipmentFailed, func(d shipping.FailedData) reply {
			return reply{orderID: d.OrderID}
		})),
		headrace.On(shipping.Dispatched, hear(o, parcelDispatched, func(d shipping.DispatchedData) reply {
			return reply{orderID: d.OrderID, tracking: d.Tracking}
		})),
		headrace.On(shipping.Delivered, hear(o, parcelDelivered, func(d shipping.DeliveredData) reply {
			return reply{orderID: d.OrderID}
		})),
	}
}
