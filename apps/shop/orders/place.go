package orders

import (
	"context"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/money"
	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// PlaceOrder takes an order and begins its saga.
func (o *Orders) PlaceOrder(ctx context.Context, c contract.PlaceOrder) (contract.PlacedOrder, error) {
	if err := checkRequest(c); err != nil {
		return contract.PlacedOrder{}, err
	}
	items, err := merge(c.Lines)
	if err != nil {
		return contract.PlacedOrder{}, err
	}
	orderID := o.Service.NewID()
	placed := contract.PlacedOrder{}
	ctx = headrace.WithCorrelation(ctx, orderID) // the order's id is as good an id as any for all that follows from it
	err = o.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		placed, err = o.place(ctx, tx, c, items, orderID)
		return err
	})
	if err != nil {
		return contract.PlacedOrder{}, fmt.Errorf("place order: %w", err)
	}
	return placed, nil
}

func (o *Orders) place(ctx context.Context, tx *headrace.Tx, c contract.PlaceOrder, items []contract.Item, orderID string) (contract.PlacedOrder, error) {
	request := fingerprint(items, c.PaymentToken)
	firstRequest, firstID, err := place(ctx, tx, c, request, orderID)
	switch {
	case err != nil:
		return contract.PlacedOrder{}, err
	case firstRequest != request:
		return contract.PlacedOrder{}, contract.ErrConflict
	case firstID != orderID:
		return contract.PlacedOrder{OrderID: firstID, Repeated: true}, nil
	}
	prices, err := readPrices(ctx, tx, items)
	if err != nil {
		return contract.PlacedOrder{}, err
	}
	ord := order{id: orderID, correlationID: orderID, userID: c.UserID, token: c.PaymentToken}
	if ord.lines, ord.total, err = quote(items, prices); err != nil {
		return contract.PlacedOrder{}, err
	}
	return contract.PlacedOrder{OrderID: orderID}, o.begin(ctx, tx, ord)
}

// begin stores a new order and starts its saga.
func (o *Orders) begin(ctx context.Context, tx *headrace.Tx, ord order) error {
	var steps []step
	ord.progress, steps = start()
	if err := addOrder(ctx, tx, ord); err != nil {
		return err
	}
	none := money.Money{Currency: ord.total.Currency}
	placed := contract.PlacedData{
		OrderID: ord.id, UserID: ord.userID, Lines: ord.lines, Total: ord.total, PaymentToken: ord.token, Discount: none, ShippingCost: none,
	}
	if err := contract.Placed.Publish(tx, placed); err != nil {
		return err
	}
	for _, s := range steps {
		if err := o.publish(tx, ord, s); err != nil {
			return err
		}
	}
	return nil
}
