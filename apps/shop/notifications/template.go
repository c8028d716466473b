package notifications

import (
	"fmt"
	"strings"

	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// letter is what a mail says.
type letter struct {
	template, refID, subject, body string
}

// dedupeKey is the reason for a mail: there is one mail for it, ever.
func (l letter) dedupeKey() string { return l.template + "/" + l.refID }

func welcome(userID, name string) letter {
	return letter{
		template: "welcome", refID: userID, subject: "Welcome to the shop",
		body: fmt.Sprintf("Dear %s,\n\nyour account is open. Good to have you.\n", name),
	}
}

func confirmed(d orders.ConfirmedData, name string) letter {
	return letter{
		template: "order_confirmed", refID: d.OrderID, subject: "Your order is confirmed",
		body: fmt.Sprintf("Dear %s,\n\nwe have set everything aside for your order %s. Its total is %s.\n", name, d.OrderID, d.Total),
	}
}

func fulfilled(d orders.FulfilledData, name string) letter {
	return letter{
		template: "order_fulfilled", refID: d.OrderID, subject: "Your order has arrived",
		body: fmt.Sprintf("Dear %s,\n\nyour order %s was delivered (tracking number %s). We took %s from your card.\n",
			name, d.OrderID, d.Tracking, d.Total),
	}
}

func cancelled(d orders.CancelledData, name string) letter {
	return letter{
		template: "order_cancelled", refID: d.OrderID, subject: "Your order was cancelled",
		body: fmt.Sprintf("Dear %s,\n\nyour order %s was cancelled: %s. Nothing is taken from your card.\n",
			name, d.OrderID, strings.ReplaceAll(d.Reason, "_", " ")),
	}
}
