package inventory

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/invalid"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/money"
)

const selectProduct = `SELECT p.sku, p.name, p.description, p.price, p.currency, s.on_hand FROM product p JOIN stock s ON s.sku = p.sku `

// ListProducts returns a page of the catalogue.
func (i *Inventory) ListProducts(ctx context.Context, q contract.ListProducts) (contract.ProductPage, error) {
	limit := min(cmp.Or(max(q.Limit, 0), 50), 100)
	var page contract.ProductPage
	err := i.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		page = contract.ProductPage{Products: []contract.Product{}}
		rows, err := tx.SQL().QueryContext(ctx, selectProduct+`WHERE p.sku > $1 ORDER BY p.sku LIMIT $2`, q.After, limit+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			p, err := scanProduct(rows)
			if err != nil {
				return err
			}
			page.Products = append(page.Products, p)
		}
		return rows.Err()
	})
	if err != nil {
		return contract.ProductPage{}, fmt.Errorf("list products: %w", err)
	}
	if len(page.Products) > limit {
		page.Products = page.Products[:limit]
		page.Next = page.Products[limit-1].SKU
	}
	return page, nil
}

// GetProduct returns one product.
func (i *Inventory) GetProduct(ctx context.Context, q contract.GetProduct) (contract.Product, error) {
	var p contract.Product
	err := i.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		p, err = scanProduct(tx.SQL().QueryRowContext(ctx, selectProduct+`WHERE p.sku = $1`, q.SKU))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = contract.ErrNotFound
	}
	if err != nil {
		return contract.Product{}, fmt.Errorf("get product %q: %w", q.SKU, err)
	}
	return p, nil
}

func scanProduct(row interface{ Scan(...any) error }) (contract.Product, error) {
	var p contract.Product
	err := row.Scan(&p.SKU, &p.Name, &p.Description, &p.Price.Amount, &p.Price.Currency, &p.Available)
	return p, err
}

// maxPrice keeps the total of any order far from the limits of int64.
var maxPrice = money.EUR(1_000_000_00)

// ChangePrice gives a product a new price. Orders that were placed keep theirs.
func (i *Inventory) ChangePrice(ctx context.Context, c contract.ChangePrice) (contract.Product, error) {
	if c.Price.Amount < 1 || c.Price.Amount > maxPrice.Amount || c.Price.Currency != maxPrice.Currency {
		return contract.Product{}, invalid.Field("price", fmt.Sprintf("must be %s to %s", money.EUR(1), maxPrice))
	}
	err := i.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		result, err := tx.SQL().ExecContext(ctx, `UPDATE product SET price = $2 WHERE sku = $1`, c.SKU, c.Price.Amount)
		if err := expectRow(result, err, "change price"); err != nil {
			return notFound(err)
		}
		return contract.PriceChanged.Publish(tx, contract.PriceChangedData(c))
	})
	if err != nil {
		return contract.Product{}, fmt.Errorf("change price of %q: %w", c.SKU, err)
	}
	return i.GetProduct(ctx, contract.GetProduct{SKU: c.SKU})
}

// notFound says that a row that nobody ever deletes was never there.
func notFound(err error) error {
	if errors.Is(err, headrace.ErrConflict) {
		return contract.ErrNotFound
	}
	return err
}
