package contract

import (
	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/money"
)

// Fulfilment is owned by orders: what the saga of an order asks of other services, who answer with events of their own. The key is the
// order id, so that an undo can never overtake what it undoes.
var Fulfilment = headrace.Topic{Name: "orders.fulfilment", Partitions: 16}

// ReserveStock asks inventory, who answers with StockReserved or ReservationRejected.
var ReserveStock = headrace.Define(Fulfilment, "fulfilment.reserve_stock", 1, func(d ReserveStockData) string { return d.OrderID })

// AuthorizePayment asks payments, who answers with Authorized or Declined.
var AuthorizePayment = headrace.Define(Fulfilment, "fulfilment.authorize_payment", 1, func(d AuthorizePaymentData) string { return d.OrderID })

// CreateShipment asks shipping, who answers with ShipmentCreated, Dispatched and Delivered, or with ShipmentFailed.
var CreateShipment = headrace.Define(Fulfilment, "fulfilment.create_shipment", 1, func(d CreateShipmentData) string { return d.OrderID })

// CapturePayment asks payments, who answers with Captured or CaptureFailed.
var CapturePayment = headrace.Define(Fulfilment, "fulfilment.capture_payment", 1, func(d OrderData) string { return d.OrderID })

// CommitStock asks inventory, who answers with StockCommitted.
var CommitStock = headrace.Define(Fulfilment, "fulfilment.commit_stock", 1, func(d OrderData) string { return d.OrderID })

// ReleaseStock undoes ReserveStock, whether that has arrived or not; inventory answers with StockReleased.
var ReleaseStock = headrace.Define(Fulfilment, "fulfilment.release_stock", 1, func(d OrderData) string { return d.OrderID })

// VoidPayment undoes AuthorizePayment, whether that has arrived or not; payments answers with Voided.
var VoidPayment = headrace.Define(Fulfilment, "fulfilment.void_payment", 1, func(d OrderData) string { return d.OrderID })

// CancelShipment undoes CreateShipment as long as nothing is dispatched; shipping answers with ShipmentCancelled.
var CancelShipment = headrace.Define(Fulfilment, "fulfilment.cancel_shipment", 1, func(d OrderData) string { return d.OrderID })

// Item is how much of a product a request is about.
type Item struct {
	SKU string `json:"sku"`
	Qty int64  `json:"qty"`
}

// OrderData is the data of requests that need no more than the order's id.
type OrderData struct {
	OrderID string `json:"order_id"`
}

// ReserveStockData is the data of ReserveStock.
type ReserveStockData struct {
	OrderID string `json:"order_id"`
	Lines   []Item `json:"lines"`
}

// AuthorizePaymentData is the data of AuthorizePayment.
type AuthorizePaymentData struct {
	OrderID      string      `json:"order_id"`
	UserID       string      `json:"user_id"`
	Amount       money.Money `json:"amount"`
	PaymentToken string      `json:"payment_token" pii:"true"`
}

// CreateShipmentData is the data of CreateShipment.
type CreateShipmentData struct {
	OrderID string `json:"order_id"`
	UserID  string `json:"user_id"`
	Lines   []Item `json:"lines"`
}
