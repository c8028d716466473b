package inventory

import (
	"context"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/bulk"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/money"
)

// Stock that a fresh shop begins with. One product has a single piece and three have five, so that running out can be tried by hand; the
// others have enough for any load test.
const (
	plenty = 1_000_000
	few    = 5
	single = 1
)

type seedProduct struct {
	sku, name, description string
	cents, pieces          int64
}

// seeds is the catalogue of a fresh shop.
func seeds() []seedProduct {
	return []seedProduct{
		{"board-oak", "Oak cutting board", "End grain, oiled, 40 by 30 cm.", 4900, plenty},
		{"bowl-mixing", "Mixing bowl", "Stoneware, three litres, with a spout.", 3200, plenty},
		{"brush-dish", "Dish brush", "Beech and plant fibre; the head can be changed.", 690, plenty},
		{"candle-bees", "Beeswax candle", "Burns for nine hours.", 1290, plenty},
		{"chair-folding", "Folding chair", "Ash and canvas. A display piece: there is only one.", 12900, single},
		{"clock-wall", "Wall clock", "Silent movement, 30 cm.", 5900, plenty},
		{"cup-espresso", "Espresso cup", "Porcelain, 80 ml.", 1150, plenty},
		{"grinder-coffee", "Coffee grinder", "Hand grinder with a steel burr.", 8900, plenty},
		{"jar-glass", "Storage jar", "Glass with a cork lid, one litre.", 990, plenty},
		{"kettle-stove", "Stove kettle", "Steel, two litres; it whistles.", 6400, plenty},
		{"knife-chef", "Chef's knife", "Carbon steel, 20 cm.", 9800, plenty},
		{"lamp-desk", "Desk lamp", "Brass arm, dimmable. The last five.", 14900, few},
		{"linen-towel", "Linen towel", "Two, 50 by 70 cm.", 2400, plenty},
		{"mill-pepper", "Pepper mill", "Walnut with a ceramic mill.", 3900, plenty},
		{"mug-stone", "Stoneware mug", "300 ml, glazed inside.", 1650, plenty},
		{"pan-iron", "Iron pan", "Forged, 28 cm.", 7200, plenty},
		{"plate-dinner", "Dinner plate", "Porcelain, 27 cm.", 1890, plenty},
		{"pot-soup", "Soup pot", "Enamel, five litres. The last five.", 8600, few},
		{"press-french", "French press", "Glass and steel, one litre.", 4500, plenty},
		{"scale-kitchen", "Kitchen scale", "Weighs a gram to five kilograms.", 3700, plenty},
		{"stool-step", "Step stool", "Beech, two steps. The last five.", 9900, few},
		{"tea-assam", "Assam tea", "Loose leaf, 250 g.", 1450, plenty},
		{"teapot-iron", "Iron teapot", "Enamelled inside, 0.8 litres.", 5600, plenty},
		{"tray-serving", "Serving tray", "Birch plywood, 45 cm.", 2900, plenty},
	}
}

// Seed fills an empty catalogue; with products in it, it does nothing. Of several processes that do it at once, one does.
func (i *Inventory) Seed(ctx context.Context) error {
	err := i.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		if err := i.db(tx).enter(ctx); err != nil {
			return err
		}
		var n int
		if err := tx.SQL().QueryRowContext(ctx, `SELECT count(*) FROM product`).Scan(&n); err != nil || n > 0 {
			return err
		}
		return i.seed(ctx, tx, seeds())
	})
	if err != nil {
		return fmt.Errorf("seed inventory: %w", err)
	}
	return nil
}

func (i *Inventory) seed(ctx context.Context, tx *headrace.Tx, list []seedProduct) error {
	db := i.db(tx)
	products, stock, items := make([][]any, len(list)), make([][]any, len(list)), make([]contract.Item, len(list))
	for n, p := range list {
		products[n] = []any{p.sku, p.name, p.description, p.cents, money.Default}
		stock[n] = []any{p.sku, 0, 0, 0}
		items[n] = contract.Item{SKU: p.sku, Qty: p.pieces}
	}
	if _, err := bulk.Insert(ctx, tx.SQL(), "product (sku, name, description, price, currency)", products, ""); err != nil {
		return err
	}
	if _, err := bulk.Insert(ctx, tx.SQL(), "stock (sku, on_hand, reserved, shipped)", stock, ""); err != nil {
		return err
	}
	if err := db.apply(ctx, "seed", adjust, items); err != nil {
		return err
	}
	return announce(tx, list)
}

func announce(tx *headrace.Tx, list []seedProduct) error {
	for _, p := range list {
		listed := contract.ProductListedData{SKU: p.sku, Name: p.name, Description: p.description, Price: money.EUR(p.cents)}
		if err := contract.ProductListed.Publish(tx, listed); err != nil {
			return err
		}
		received := contract.StockAdjustedData{SKU: p.sku, Delta: p.pieces, OnHand: p.pieces, Reason: "received"}
		if err := contract.StockAdjusted.Publish(tx, received); err != nil {
			return err
		}
	}
	return nil
}
