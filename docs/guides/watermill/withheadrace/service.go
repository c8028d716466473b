package main

import (
	"context"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/docs/guides/watermill/shop"
)

var (
	ordersTopic   = headrace.Topic{Name: "orders"}
	paymentsTopic = headrace.Topic{Name: "payments"}

	// The last argument is the key: events of a customer are handled in their order.
	placed     = headrace.Define(ordersTopic, "order.placed", 1, func(o shop.OrderPlaced) string { return o.Customer })
	authorised = headrace.Define(paymentsTopic, "payment.authorised", 1, func(p shop.PaymentAuthorised) string { return p.Customer })
)

var retry = headrace.Retry{Attempts: 5, Min: 200 * time.Millisecond, Max: time.Minute}

func newServices(s stores) (orders, payments, mails *headrace.Service) {
	orders = headrace.NewService(headrace.ServiceConfig{Name: "orders", Store: s.orders, Owns: []headrace.Topic{ordersTopic}})
	payments = headrace.NewService(headrace.ServiceConfig{
		Name: "payments", Store: s.payments, Owns: []headrace.Topic{paymentsTopic},
		Handlers: []headrace.Handler{headrace.On(placed, authorise, retry)},
	})
	mails = headrace.NewService(headrace.ServiceConfig{
		Name: "mails", Store: s.mails, Handlers: []headrace.Handler{headrace.On(authorised, mail, retry)},
	})
	return orders, payments, mails
}

// place writes the order and the event in one transaction.
func place(ctx context.Context, orders *headrace.Service, o shop.OrderPlaced) error {
	return orders.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		_, err := tx.SQL().ExecContext(ctx, `INSERT INTO orders (id, customer, total) VALUES ($1, $2, $3)`, o.OrderID, o.Customer, o.Total)
		if err != nil {
			return err
		}
		return placed.Publish(tx, o)
	})
}

// authorise asks the provider, records the answer and publishes it.
func authorise(ctx context.Context, tx *headrace.Tx, e headrace.Event[shop.OrderPlaced]) error {
	if err := shop.Authorise(ctx, e.EffectKey("authorise"), e.Data); err != nil {
		return err
	}
	if _, err := tx.SQL().ExecContext(ctx, `INSERT INTO payments (order_id) VALUES ($1)`, e.Data.OrderID); err != nil {
		return err
	}
	return authorised.Publish(tx, shop.PaymentAuthorised{OrderID: e.Data.OrderID, Customer: e.Data.Customer})
}

func mail(ctx context.Context, _ *headrace.Tx, e headrace.Event[shop.PaymentAuthorised]) error {
	return shop.Mail(ctx, e.Data)
}
