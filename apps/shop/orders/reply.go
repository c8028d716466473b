package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/headrace/headrace"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// reply is what the saga of an order needs to know of an event.
type reply struct {
	orderID, tracking string
	held              bool
}

// hear makes the handler of an event that is news for an order's saga: lock the order, decide, store, publish.
func hear[T any](o *Orders, n news, read func(T) reply) func(context.Context, *headrace.Tx, headrace.Event[T]) error {
	return func(ctx context.Context, tx *headrace.Tx, e headrace.Event[T]) error {
		r := read(e.Data)
		ord, err := lockOrder(ctx, tx, r.orderID)
		if errors.Is(err, sql.ErrNoRows) {
			return headrace.Permanent(fmt.Errorf("%s: there is no order %s", e.Type, r.orderID))
		}
		if err != nil {
			return err
		}
		if r.tracking != "" {
			ord.tracking = r.tracking
		}
		return o.move(ctx, tx, ord, heard{news: n, held: r.held})
	}
}

// move takes an order one piece of news further.
func (o *Orders) move(ctx context.Context, tx *headrace.Tx, ord order, h heard) error {
	before := ord.progress
	var steps []step
	ord.progress, steps = before.next(h, o.settings.CancelWithin > 0)
	if ord.state == before.state && ord.delivered == before.delivered && len(steps) == 0 {
		return nil
	}
	for _, s := range steps {
		if err := o.publish(tx, ord, s); err != nil {
			return err
		}
		if s == askToAuthorize {
			ord.token = "" // it was needed for this only
		}
	}
	return saveOrder(ctx, tx, ord)
}

// publish does a step.
func (o *Orders) publish(tx *headrace.Tx, ord order, s step) error {
	id := contract.OrderData{OrderID: ord.id}
	switch s {
	case askToReserve:
		return contract.ReserveStock.Publish(tx, contract.ReserveStockData{OrderID: ord.id, Lines: ord.items()})
	case askToAuthorize:
		return contract.AuthorizePayment.Publish(tx, contract.AuthorizePaymentData{
			OrderID: ord.id, UserID: ord.userID, Amount: ord.total, PaymentToken: ord.token,
		})
	case waitToShip:
		return contract.ShipmentDue.Publish(tx, id, headrace.After(o.settings.CancelWithin))
	case askToShip:
		return contract.CreateShipment.Publish(tx, contract.CreateShipmentData{OrderID: ord.id, UserID: ord.userID, Lines: ord.items()})
	case askToCapture:
		return contract.CapturePayment.Publish(tx, id)
	case askToCommit:
		return contract.CommitStock.Publish(tx, id)
	case askToVoid:
		return contract.VoidPayment.Publish(tx, id)
	case askToRelease:
		return contract.ReleaseStock.Publish(tx, id)
	case askToRecall:
		return contract.CancelShipment.Publish(tx, id)
	default:
		return say(tx, ord, s)
	}
}

// say publishes what has become of an order.
func say(tx *headrace.Tx, ord order, s step) error {
	switch s {
	case sayConfirmed:
		return contract.Confirmed.Publish(tx, contract.ConfirmedData{OrderID: ord.id, UserID: ord.userID, Total: ord.total})
	case sayCancelling:
		return contract.CancelRequested.Publish(tx, contract.CancelRequestedData{OrderID: ord.id, By: ord.cancelledBy, Reason: ord.cancelledWhy})
	case sayCancelled:
		return contract.Cancelled.Publish(tx, contract.CancelledData{
			OrderID: ord.id, UserID: ord.userID, Reason: ord.reason, Compensated: append([]string{}, ord.undone...),
		})
	case sayFulfilled:
		return contract.Fulfilled.Publish(tx, contract.FulfilledData{
			OrderID: ord.id, UserID: ord.userID, Total: ord.total, Tracking: ord.tracking,
		})
	case sayNeedsAttention:
		return contract.NeedsAttention.Publish(tx, contract.NeedsAttentionData{OrderID: ord.id, Reason: ord.reason})
	default:
		return fmt.Errorf("order %s: unknown step %d", ord.id, s)
	}
}

func (o *Orders) productListed(ctx context.Context, tx *headrace.Tx, e headrace.Event[inventory.ProductListedData]) error {
	return savePrice(ctx, tx, contract.Line{SKU: e.Data.SKU, Name: e.Data.Name, UnitPrice: e.Data.Price})
}

func (o *Orders) priceChanged(ctx context.Context, tx *headrace.Tx, e headrace.Event[inventory.PriceChangedData]) error {
	return changePrice(ctx, tx, e.Data.SKU, e.Data.Price)
}
