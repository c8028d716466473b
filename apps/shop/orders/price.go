package orders

import (
	"context"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/bulk"
	"github.com/headrace/headrace/apps/shop/money"
	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// savePrice puts a product on the price list.
func savePrice(ctx context.Context, tx *headrace.Tx, l contract.Line) error {
	_, err := tx.SQL().ExecContext(ctx, `INSERT INTO price (sku, name, amount, currency) VALUES ($1, $2, $3, $4)
		ON CONFLICT (sku) DO UPDATE SET name = excluded.name, amount = excluded.amount, currency = excluded.currency`,
		l.SKU, l.Name, l.UnitPrice.Amount, l.UnitPrice.Currency)
	if err != nil {
		return fmt.Errorf("save price of %s: %w", l.SKU, err)
	}
	return nil
}

func changePrice(ctx context.Context, tx *headrace.Tx, sku string, price money.Money) error {
	_, err := tx.SQL().ExecContext(ctx, `UPDATE price SET amount = $2, currency = $3 WHERE sku = $1`, sku, price.Amount, price.Currency)
	if err != nil {
		return fmt.Errorf("change price of %s: %w", sku, err)
	}
	return nil
}

// priceList is what the shop sells of what somebody wants: for each SKU a line without a quantity.
type priceList map[string]contract.Line

func readPrices(ctx context.Context, tx *headrace.Tx, items []contract.Item) (priceList, error) {
	list := make(priceList, len(items))
	if len(items) == 0 {
		return list, nil
	}
	skus := make([]any, len(items))
	for i, item := range items {
		skus[i] = item.SKU
	}
	rows, err := tx.SQL().QueryContext(ctx, `SELECT sku, name, amount, currency FROM price WHERE sku IN `+bulk.List(1, len(skus)), skus...)
	if err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l contract.Line
		if err := rows.Scan(&l.SKU, &l.Name, &l.UnitPrice.Amount, &l.UnitPrice.Currency); err != nil {
			return nil, fmt.Errorf("read prices: %w", err)
		}
		list[l.SKU] = l
	}
	return list, rows.Err()
}

// Ready returns nil when orders can be placed: when inventory has told what the shop sells.
func (o *Orders) Ready(ctx context.Context) error {
	return o.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		var n int
		if err := tx.SQL().QueryRowContext(ctx, `SELECT count(*) FROM price`).Scan(&n); err != nil {
			return fmt.Errorf("read prices: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("orders: the price list is empty")
		}
		return nil
	})
}
