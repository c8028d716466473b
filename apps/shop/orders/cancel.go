package orders

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// CancelOrder begins to undo an order, if it is not too late.
func (o *Orders) CancelOrder(ctx context.Context, c contract.CancelOrder) (contract.CancellingOrder, error) {
	ctx = headrace.WithCorrelation(ctx, c.OrderID)
	err := o.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) error { return o.cancel(ctx, tx, c) })
	if err != nil {
		return contract.CancellingOrder{}, fmt.Errorf("cancel order %.40q: %w", c.OrderID, err)
	}
	return contract.CancellingOrder{OrderID: c.OrderID}, nil
}

func (o *Orders) cancel(ctx context.Context, tx *headrace.Tx, c contract.CancelOrder) error {
	ord, err := lockOrder(ctx, tx, c.OrderID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return contract.ErrNotFound
	case err != nil:
		return err
	case c.UserID != "" && ord.userID != c.UserID:
		return contract.ErrNotFound
	case ord.cancelling() || ord.state == cancelled:
		return nil
	case !ord.cancellable():
		return contract.ErrTooLate
	}
	ord.cancelledBy, ord.cancelledWhy = cmp.Or(c.By, "buyer"), c.Reason
	return o.move(ctx, tx, ord, heard{news: cancelAsked, reason: ord.cancelledBy + "_request"})
}
