package contract

import (
	"errors"

	"github.com/headrace/headrace/apps/shop/money"
)

var (
	// ErrNotFound means that there is no such product.
	ErrNotFound = errors.New("product not found")
	// ErrTooFew means that more pieces would be taken off the shelf than are there unreserved.
	ErrTooFew = errors.New("not that many on hand")
	// ErrConflict means that the idempotency key was used for another adjustment before.
	ErrConflict = errors.New("idempotency key was used for another request")
)

// ListProducts asks for a page of the catalogue, by SKU.
type ListProducts struct {
	After string `json:"after"` // the Next of the page before; empty: the first page
	Limit int    `json:"limit"` // 0: 50; at most 100
}

// ProductPage answers ListProducts.
type ProductPage struct {
	Products []Product `json:"products"`
	Next     string    `json:"next"` // empty: this was the last page
}

// GetProduct asks for one product; the answer is a Product. Errors: ErrNotFound.
type GetProduct struct {
	SKU string `json:"sku"`
}

// Product is what the shop sells. Available is how many pieces can be ordered at this moment.
type Product struct {
	SKU         string      `json:"sku"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Price       money.Money `json:"price"`
	Available   int64       `json:"available"`
}

// AdjustStock puts pieces on the shelf (Delta above 0) or takes them off. The same key works once. Errors: *invalid.Error, ErrNotFound,
// ErrTooFew, ErrConflict.
type AdjustStock struct {
	SKU            string `json:"sku"`
	Delta          int64  `json:"delta"`
	Reason         string `json:"reason"`
	IdempotencyKey string `json:"idempotency_key"` // required, at most 200 bytes
}

// ChangePrice gives a product a new price. Errors: *invalid.Error, ErrNotFound.
type ChangePrice struct {
	SKU   string      `json:"sku"`
	Price money.Money `json:"price"`
}

// Stock answers AdjustStock: how many pieces of a product are where, after the change. Received = OnHand + Reserved + Shipped.
type Stock struct {
	SKU      string `json:"sku"`
	OnHand   int64  `json:"on_hand"` // on the shelf and free to sell
	Reserved int64  `json:"reserved"`
	Shipped  int64  `json:"shipped"`
}
