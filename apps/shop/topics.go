package main

import (
	"github.com/headrace/headrace"
	identity "github.com/headrace/headrace/apps/shop/identity/contract"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	notifications "github.com/headrace/headrace/apps/shop/notifications/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	payments "github.com/headrace/headrace/apps/shop/payments/contract"
	shipping "github.com/headrace/headrace/apps/shop/shipping/contract"
)

// owned says which service publishes to which topics.
func owned() map[string][]headrace.Topic {
	return map[string][]headrace.Topic{
		"identity":      {identity.Topic},
		"orders":        {orders.Topic, orders.Fulfilment, orders.Reminders},
		"payments":      {payments.Topic},
		"inventory":     {inventory.Topic},
		"shipping":      {shipping.Topic, shipping.Steps},
		"notifications": {notifications.Topic},
	}
}

// topics are all topics there are: what the archive keeps.
func topics() []headrace.Topic {
	var all []headrace.Topic
	for _, name := range serviceNames() {
		all = append(all, owned()[name]...)
	}
	return all
}
