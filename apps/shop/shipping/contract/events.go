// Package contract is what others may know of the service shipping: its events.
package contract

import "github.com/headrace/headrace"

// Topic is owned by shipping; the key of its events is the order id.
var Topic = headrace.Topic{Name: "shipping", Partitions: 16}

// Created: the carrier has the order's shipment in its book.
var Created = headrace.Define(Topic, "shipment.created", 1, func(d CreatedData) string { return d.OrderID })

// Dispatched: the parcel is on its way.
var Dispatched = headrace.Define(Topic, "shipment.dispatched", 1, func(d DispatchedData) string { return d.OrderID })

// Delivered: the parcel has arrived.
var Delivered = headrace.Define(Topic, "shipment.delivered", 1, func(d DeliveredData) string { return d.OrderID })

// Failed: the carrier will not carry it.
var Failed = headrace.Define(Topic, "shipment.failed", 1, func(d FailedData) string { return d.OrderID })

// Cancelled: no parcel will leave for the order.
var Cancelled = headrace.Define(Topic, "shipment.cancelled", 1, func(d CancelledData) string { return d.OrderID })

// CreatedData is the data of Created.
type CreatedData struct {
	ShipmentID string `json:"shipment_id"`
	OrderID    string `json:"order_id"`
	Carrier    string `json:"carrier"`
}

// DispatchedData is the data of Dispatched.
type DispatchedData struct {
	ShipmentID string `json:"shipment_id"`
	OrderID    string `json:"order_id"`
	Tracking   string `json:"tracking"`
}

// DeliveredData is the data of Delivered.
type DeliveredData struct {
	ShipmentID string `json:"shipment_id"`
	OrderID    string `json:"order_id"`
}

// FailedData is the data of Failed.
type FailedData struct {
	ShipmentID string `json:"shipment_id"`
	OrderID    string `json:"order_id"`
	Reason     string `json:"reason"`
	Retryable  bool   `json:"retryable"`
}

// CancelledData is the data of Cancelled.
type CancelledData struct {
	OrderID string `json:"order_id"`
}
