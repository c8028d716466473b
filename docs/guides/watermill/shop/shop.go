// Package shop is what both programs have in common: the events, and the world outside.
package shop

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
)

// OrderPlaced is the fact that a customer has ordered something.
type OrderPlaced struct {
	OrderID  string `json:"order_id"`
	Customer string `json:"customer"`
	Total    int64  `json:"total"`
}

// PaymentAuthorised is the fact that the provider will pay for an order.
type PaymentAuthorised struct {
	OrderID  string `json:"order_id"`
	Customer string `json:"customer"`
}

// Authorise asks the payment provider, which charges once for each key. Orders in the variable FAIL ("A-2,B-1") are never authorised.
func Authorise(_ context.Context, key string, o OrderPlaced) error {
	if slices.Contains(strings.Split(os.Getenv("FAIL"), ","), o.OrderID) {
		slog.Info("provider: no", "order", o.OrderID)
		return fmt.Errorf("provider does not authorise %s", o.OrderID)
	}
	slog.Info("provider: yes", "order", o.OrderID, "key", key)
	return nil
}

// Mail thanks a customer.
func Mail(_ context.Context, p PaymentAuthorised) error {
	slog.Info("mail", "order", p.OrderID, "to", p.Customer)
	return nil
}

// Orders are what is placed: three customers, each with three orders.
func Orders() []OrderPlaced {
	var orders []OrderPlaced
	for n := 1; n <= 3; n++ {
		for _, customer := range []string{"A", "B", "C"} {
			orders = append(orders, OrderPlaced{OrderID: fmt.Sprintf("%s-%d", customer, n), Customer: customer, Total: 4200})
		}
	}
	return orders
}
