package inventory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/invalid"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
)

// maxDelta keeps sums of stock far from the limits of int64.
const maxDelta = 1_000_000_000

// AdjustStock puts pieces on the shelf or takes them off.
func (i *Inventory) AdjustStock(ctx context.Context, a contract.AdjustStock) (contract.Stock, error) {
	if err := checkAdjustment(a); err != nil {
		return contract.Stock{}, err
	}
	var stock contract.Stock
	err := i.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		stock, err = i.adjust(ctx, tx, a)
		return err
	})
	if err != nil {
		return contract.Stock{}, fmt.Errorf("adjust stock of %q: %w", a.SKU, err)
	}
	return stock, nil
}

func checkAdjustment(a contract.AdjustStock) error {
	switch {
	case a.IdempotencyKey == "" || len(a.IdempotencyKey) > 200:
		return invalid.Field("idempotency_key", "must have 1 to 200 characters")
	case a.Delta == 0 || a.Delta > maxDelta || a.Delta < -maxDelta:
		return invalid.Field("delta", fmt.Sprintf("must be -%d to %d, and not 0", maxDelta, maxDelta))
	}
	return nil
}

func (i *Inventory) adjust(ctx context.Context, tx *headrace.Tx, a contract.AdjustStock) (contract.Stock, error) {
	db := i.db(tx)
	if err := db.enter(ctx); err != nil {
		return contract.Stock{}, err
	}
	stock, err := db.stock(ctx, a.SKU)
	if err != nil {
		return stock, err
	}
	ref := "key/" + a.IdempotencyKey // an order id can never be one
	if before, found, err := db.adjustment(ctx, ref); err != nil || found {
		if err == nil && before != (contract.Item{SKU: a.SKU, Qty: a.Delta}) {
			err = contract.ErrConflict
		}
		return stock, err
	}
	if stock.OnHand+a.Delta < 0 {
		return stock, contract.ErrTooFew
	}
	if err := db.apply(ctx, ref, adjust, []contract.Item{{SKU: a.SKU, Qty: a.Delta}}); err != nil {
		return stock, err
	}
	stock.OnHand += a.Delta
	return stock, contract.StockAdjusted.Publish(tx, contract.StockAdjustedData{
		SKU: a.SKU, Delta: a.Delta, OnHand: stock.OnHand, Reason: a.Reason,
	})
}

func (t table) stock(ctx context.Context, sku string) (contract.Stock, error) {
	s := contract.Stock{SKU: sku}
	err := t.sql.QueryRowContext(ctx, `SELECT on_hand, reserved, shipped FROM stock WHERE sku = $1`, sku).
		Scan(&s.OnHand, &s.Reserved, &s.Shipped)
	if errors.Is(err, sql.ErrNoRows) {
		return s, contract.ErrNotFound
	}
	return s, err
}

// adjustment returns what was adjusted under a reference before.
func (t table) adjustment(ctx context.Context, ref string) (contract.Item, bool, error) {
	var before contract.Item
	err := t.sql.QueryRowContext(ctx, `SELECT sku, on_hand FROM movement WHERE ref = $1 AND kind = $2`, ref, string(adjust)).
		Scan(&before.SKU, &before.Qty)
	if errors.Is(err, sql.ErrNoRows) {
		return before, false, nil
	}
	return before, err == nil, err
}
