package contract

import "github.com/headrace/headrace"

// Reminders is owned by orders: what it tells itself for later. The key is the order id.
var Reminders = headrace.Topic{Name: "orders.reminders", Partitions: 4}

// ShipmentDue: the time in which a confirmed order can be cancelled is over.
var ShipmentDue = headrace.Define(Reminders, "reminder.shipment_due", 1, func(d OrderData) string { return d.OrderID })
