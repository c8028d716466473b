// Package contract is what others may know of the service orders: its events, what it asks of others to fulfil an order, and what it can
// be asked itself.
package contract

import (
	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/money"
)

// Topic is owned by orders; the key of its events is the order id. Everything that happens to one order carries the correlation id that
// the order was placed under.
var Topic = headrace.Topic{Name: "orders", Partitions: 16}

// Placed: a buyer ordered. Version 1 knew neither discount nor shipping cost.
var Placed = headrace.Define(Topic, "order.placed", 2,
	func(d PlacedData) string { return d.OrderID },
	headrace.Upcast(1, func(d PlacedV1) PlacedData {
		return PlacedData{
			OrderID: d.OrderID, UserID: d.UserID, Lines: d.Lines, Total: d.Total, PaymentToken: d.PaymentToken,
			Discount: money.Money{Currency: d.Total.Currency}, ShippingCost: money.Money{Currency: d.Total.Currency},
		}
	}))

// Confirmed: stock is reserved and the payment authorised.
var Confirmed = headrace.Define(Topic, "order.confirmed", 1, func(d ConfirmedData) string { return d.OrderID })

// CancelRequested: somebody asked in time to cancel the order; Cancelled follows when everything is given back.
var CancelRequested = headrace.Define(Topic, "order.cancel_requested", 1, func(d CancelRequestedData) string { return d.OrderID })

// Cancelled: the order ended, and nothing is held for it any more.
var Cancelled = headrace.Define(Topic, "order.cancelled", 1, func(d CancelledData) string { return d.OrderID })

// Fulfilled: the order ended: paid, and delivered.
var Fulfilled = headrace.Define(Topic, "order.fulfilled", 1, func(d FulfilledData) string { return d.OrderID })

// NeedsAttention: the order can go neither on nor back by itself.
var NeedsAttention = headrace.Define(Topic, "order.needs_attention", 1, func(d NeedsAttentionData) string { return d.OrderID })

// Line is one product of an order, at the price it was ordered for.
type Line struct {
	SKU       string      `json:"sku"`
	Name      string      `json:"name"`
	Qty       int64       `json:"qty"`
	UnitPrice money.Money `json:"unit_price"`
}

// PlacedData is the data of Placed. Total is what the buyer pays: the lines, less the discount, plus the shipping cost.
type PlacedData struct {
	OrderID      string      `json:"order_id"`
	UserID       string      `json:"user_id"`
	Lines        []Line      `json:"lines"`
	Total        money.Money `json:"total"`
	PaymentToken string      `json:"payment_token" pii:"true"`
	Discount     money.Money `json:"discount"`
	ShippingCost money.Money `json:"shipping_cost"`
}

// PlacedV1 is version 1 of the data of Placed.
type PlacedV1 struct {
	OrderID      string      `json:"order_id"`
	UserID       string      `json:"user_id"`
	Lines        []Line      `json:"lines"`
	Total        money.Money `json:"total"`
	PaymentToken string      `json:"payment_token" pii:"true"`
}

// ConfirmedData is the data of Confirmed.
type ConfirmedData struct {
	OrderID string      `json:"order_id"`
	UserID  string      `json:"user_id"`
	Total   money.Money `json:"total"`
}

// CancelRequestedData is the data of CancelRequested.
type CancelRequestedData struct {
	OrderID string `json:"order_id"`
	By      string `json:"by"` // "buyer" or "admin"
	Reason  string `json:"reason"`
}

// CancelledData is the data of Cancelled. Compensated names what was undone, in the order in which that was known.
type CancelledData struct {
	OrderID     string   `json:"order_id"`
	UserID      string   `json:"user_id"`
	Reason      string   `json:"reason"`
	Compensated []string `json:"compensated"`
}

// FulfilledData is the data of Fulfilled.
type FulfilledData struct {
	OrderID  string      `json:"order_id"`
	UserID   string      `json:"user_id"`
	Total    money.Money `json:"total"`
	Tracking string      `json:"tracking"`
}

// NeedsAttentionData is the data of NeedsAttention.
type NeedsAttentionData struct {
	OrderID string `json:"order_id"`
	Reason  string `json:"reason"`
}
