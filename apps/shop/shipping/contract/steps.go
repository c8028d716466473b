package contract

import "github.com/headrace/headrace"

// Steps is owned by shipping: what it reminds itself of, when a carrier takes its time. The key is the order id.
var Steps = headrace.Topic{Name: "shipping.steps", Partitions: 4}

// DispatchDue: the carrier fetches the parcel now.
var DispatchDue = headrace.Define(Steps, "shipping.dispatch_due", 1, func(d StepData) string { return d.OrderID })

// DeliveryDue: the carrier rings at the buyer's door now.
var DeliveryDue = headrace.Define(Steps, "shipping.delivery_due", 1, func(d StepData) string { return d.OrderID })

// StepData is the data of the steps.
type StepData struct {
	OrderID string `json:"order_id"`
}
