package contract

import (
	"errors"
	"time"

	"github.com/headrace/headrace/apps/shop/money"
)

// Status is how far an order is.
type Status string

// The statuses. Fulfilled, cancelled and needs_attention are where an order ends (the last one waits for a person).
const (
	StatusPlaced         Status = "placed"
	StatusConfirmed      Status = "confirmed"
	StatusShipped        Status = "shipped"
	StatusFulfilled      Status = "fulfilled"
	StatusCancelled      Status = "cancelled"
	StatusNeedsAttention Status = "needs_attention"
)

// Limits of an order.
const (
	MaxLines = 50
	MaxQty   = 99 // per product
)

var (
	// ErrNotFound means that there is no such order, or that it is somebody else's.
	ErrNotFound = errors.New("order not found")
	// ErrConflict means that the idempotency key was used for another request before.
	ErrConflict = errors.New("idempotency key was used for another request")
	// ErrTooLate means that an order can no longer be cancelled.
	ErrTooLate = errors.New("too late to cancel")
)

// PlaceOrder orders at the prices the shop has now. Lines of the same product are added up. The same key with the same request gives the
// same answer, once; with another request ErrConflict. Errors: *invalid.Error, ErrConflict.
type PlaceOrder struct {
	UserID         string `json:"user_id"`
	IdempotencyKey string `json:"idempotency_key"` // required, at most 200 bytes; it belongs to the user
	Lines          []Item `json:"lines"`           // 1 to MaxLines
	PaymentToken   string `json:"payment_token" pii:"true"`
}

// PlacedOrder answers PlaceOrder.
type PlacedOrder struct {
	OrderID  string `json:"order_id"`
	Repeated bool   `json:"repeated"` // the order had been placed before, under the same key
}

// GetOrder asks for an order of a user, or anybody's when UserID is empty. Errors: ErrNotFound.
type GetOrder struct {
	OrderID string `json:"order_id"`
	UserID  string `json:"user_id"`
}

// Order answers GetOrder.
type Order struct {
	OrderID       string      `json:"order_id"`
	UserID        string      `json:"user_id"`
	Status        Status      `json:"status"`
	Reason        string      `json:"reason"` // why it was cancelled or needs attention
	Total         money.Money `json:"total"`
	Lines         []Line      `json:"lines"`
	Tracking      string      `json:"tracking"`
	Cancellable   bool        `json:"cancellable"` // the buyer may still cancel
	Cancelling    bool        `json:"cancelling"`  // it will be cancelled as soon as everything is given back
	CorrelationID string      `json:"correlation_id"`
	PlacedAt      time.Time   `json:"placed_at"`
	UpdatedAt     time.Time   `json:"updated_at"`
}

// ListOrders asks for a user's orders, or everybody's when UserID is empty; the newest first.
type ListOrders struct {
	UserID string `json:"user_id"`
	Status Status `json:"status"` // empty: any
	After  string `json:"after"`  // the Next of the page before; empty: the first page
	Limit  int    `json:"limit"`  // 0: 20; at most 100
}

// OrderPage answers ListOrders.
type OrderPage struct {
	Orders []OrderSummary `json:"orders"`
	Next   string         `json:"next"` // empty: this was the last page
}

// OrderSummary is an order without its lines.
type OrderSummary struct {
	OrderID  string      `json:"order_id"`
	UserID   string      `json:"user_id"`
	Status   Status      `json:"status"`
	Reason   string      `json:"reason"`
	Total    money.Money `json:"total"`
	PlacedAt time.Time   `json:"placed_at"`
}

// CancelOrder asks to cancel an order of a user, or anybody's when UserID is empty. To ask again is no error. Errors: ErrNotFound,
// ErrTooLate.
type CancelOrder struct {
	OrderID string `json:"order_id"`
	UserID  string `json:"user_id"`
	By      string `json:"by"` // "buyer" or "admin"; empty: "buyer"
	Reason  string `json:"reason"`
}

// CancellingOrder answers CancelOrder: the order will be cancelled, or already is.
type CancellingOrder struct {
	OrderID string `json:"order_id"`
}

// GetCart asks for a user's cart; a user without one has an empty one.
type GetCart struct {
	UserID string `json:"user_id"`
}

// PutCart replaces a user's cart and answers with it. Errors: *invalid.Error.
type PutCart struct {
	UserID string `json:"user_id"`
	Lines  []Item `json:"lines"` // 0 to MaxLines
}

// ClearCart empties a user's cart.
type ClearCart struct {
	UserID string `json:"user_id"`
}

// Cart answers GetCart and PutCart, at the prices the shop has now.
type Cart struct {
	Lines []Line      `json:"lines"`
	Total money.Money `json:"total"`
}
