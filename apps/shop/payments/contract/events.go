// Package contract is what others may know of the service payments: its events.
package contract

import (
	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/money"
)

// Topic is owned by payments; the key of its events is the order id.
var Topic = headrace.Topic{Name: "payments", Partitions: 16}

// Authorized: the amount is set aside on the buyer's card.
var Authorized = headrace.Define(Topic, "payment.authorized", 1, func(d AuthorizedData) string { return d.OrderID })

// Declined: the provider will not set the amount aside. Nothing is held.
var Declined = headrace.Define(Topic, "payment.declined", 1, func(d DeclinedData) string { return d.OrderID })

// Captured: the amount that was set aside is ours.
var Captured = headrace.Define(Topic, "payment.captured", 1, func(d CapturedData) string { return d.OrderID })

// CaptureFailed: the provider would not hand over the amount, however often it was asked. It is still set aside.
var CaptureFailed = headrace.Define(Topic, "payment.capture_failed", 1, func(d CaptureFailedData) string { return d.OrderID })

// Voided: nothing is set aside for the order, and nothing will be.
var Voided = headrace.Define(Topic, "payment.voided", 1, func(d VoidedData) string { return d.OrderID })

// Refunded: an amount that was ours was given back.
var Refunded = headrace.Define(Topic, "payment.refunded", 1, func(d RefundedData) string { return d.OrderID })

// AuthorizedData is the data of Authorized.
type AuthorizedData struct {
	PaymentID string      `json:"payment_id"`
	OrderID   string      `json:"order_id"`
	Amount    money.Money `json:"amount"`
	AuthCode  string      `json:"auth_code"`
}

// DeclinedData is the data of Declined.
type DeclinedData struct {
	PaymentID string `json:"payment_id"`
	OrderID   string `json:"order_id"`
	Code      string `json:"code"`
	Retryable bool   `json:"retryable"`
}

// CapturedData is the data of Captured.
type CapturedData struct {
	PaymentID string      `json:"payment_id"`
	OrderID   string      `json:"order_id"`
	Amount    money.Money `json:"amount"`
}

// CaptureFailedData is the data of CaptureFailed.
type CaptureFailedData struct {
	PaymentID string `json:"payment_id"`
	OrderID   string `json:"order_id"`
	Code      string `json:"code"`
}

// VoidedData is the data of Voided. Held says whether there was something to void.
type VoidedData struct {
	PaymentID string `json:"payment_id"`
	OrderID   string `json:"order_id"`
	Held      bool   `json:"held"`
}

// RefundedData is the data of Refunded.
type RefundedData struct {
	RefundID  string      `json:"refund_id"`
	PaymentID string      `json:"payment_id"`
	OrderID   string      `json:"order_id"`
	Amount    money.Money `json:"amount"`
	Reason    string      `json:"reason"`
}
