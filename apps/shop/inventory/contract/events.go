// Package contract is what others may know of the service inventory: its events, and what it can be asked.
package contract

import (
	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/money"
)

// Topic is owned by inventory. The key of events about a product is its SKU, that of events about a reservation the order id.
var Topic = headrace.Topic{Name: "inventory", Partitions: 16}

// ProductListed: a product can be bought.
var ProductListed = headrace.Define(Topic, "product.listed", 1, func(d ProductListedData) string { return d.SKU })

// PriceChanged: a product has a new price.
var PriceChanged = headrace.Define(Topic, "product.price_changed", 1, func(d PriceChangedData) string { return d.SKU })

// StockAdjusted: pieces came in, or were written off.
var StockAdjusted = headrace.Define(Topic, "stock.adjusted", 1, func(d StockAdjustedData) string { return d.SKU })

// StockLow: few pieces of a product are left to sell.
var StockLow = headrace.Define(Topic, "stock.low", 1, func(d StockLowData) string { return d.SKU })

// Reserved: all lines of an order are set aside.
var Reserved = headrace.Define(Topic, "stock.reserved", 1, func(d ReservedData) string { return d.OrderID })

// Rejected: some line of an order cannot be set aside, so none is.
var Rejected = headrace.Define(Topic, "stock.reservation_rejected", 1, func(d RejectedData) string { return d.OrderID })

// Released: nothing is set aside for the order, and nothing will be.
var Released = headrace.Define(Topic, "stock.released", 1, func(d ReleasedData) string { return d.OrderID })

// Committed: what was set aside for the order has left the shelf.
var Committed = headrace.Define(Topic, "stock.committed", 1, func(d CommittedData) string { return d.OrderID })

// Item is how many pieces of a product an event is about.
type Item struct {
	SKU string `json:"sku"`
	Qty int64  `json:"qty"`
}

// Shortage is a product of which more was asked for than there is.
type Shortage struct {
	SKU       string `json:"sku"`
	Asked     int64  `json:"asked"`
	Available int64  `json:"available"`
}

// ProductListedData is the data of ProductListed.
type ProductListedData struct {
	SKU         string      `json:"sku"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Price       money.Money `json:"price"`
}

// PriceChangedData is the data of PriceChanged.
type PriceChangedData struct {
	SKU   string      `json:"sku"`
	Price money.Money `json:"price"`
}

// StockAdjustedData is the data of StockAdjusted. OnHand is what lies on the shelf and is not reserved, after the change.
type StockAdjustedData struct {
	SKU    string `json:"sku"`
	Delta  int64  `json:"delta"`
	OnHand int64  `json:"on_hand"`
	Reason string `json:"reason"`
}

// StockLowData is the data of StockLow.
type StockLowData struct {
	SKU    string `json:"sku"`
	OnHand int64  `json:"on_hand"`
}

// ReservedData is the data of Reserved.
type ReservedData struct {
	ReservationID string `json:"reservation_id"`
	OrderID       string `json:"order_id"`
	Lines         []Item `json:"lines"`
}

// RejectedData is the data of Rejected.
type RejectedData struct {
	OrderID   string     `json:"order_id"`
	Shortages []Shortage `json:"shortages"`
}

// ReleasedData is the data of Released. Lines is empty when nothing had been set aside.
type ReleasedData struct {
	OrderID string `json:"order_id"`
	Lines   []Item `json:"lines"`
}

// CommittedData is the data of Committed.
type CommittedData struct {
	OrderID string `json:"order_id"`
	Lines   []Item `json:"lines"`
}
