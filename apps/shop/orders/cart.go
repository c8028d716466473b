package orders

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/money"
	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// GetCart returns a user's cart at today's prices.
func (o *Orders) GetCart(ctx context.Context, q contract.GetCart) (contract.Cart, error) {
	cart := contract.Cart{Lines: []contract.Line{}, Total: money.EUR(0)}
	err := o.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		items, err := readCart(ctx, tx, q.UserID)
		if err != nil || len(items) == 0 {
			return err
		}
		cart, err = price(ctx, tx, items)
		return err
	})
	if err != nil {
		return contract.Cart{}, fmt.Errorf("get cart: %w", err)
	}
	return cart, nil
}

// PutCart replaces a user's cart.
func (o *Orders) PutCart(ctx context.Context, c contract.PutCart) (contract.Cart, error) {
	items, err := merge(c.Lines)
	if err != nil {
		return contract.Cart{}, err
	}
	var cart contract.Cart
	err = o.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		if cart, err = price(ctx, tx, items); err != nil {
			return err
		}
		return writeCart(ctx, tx, c.UserID, items)
	})
	if err != nil {
		return contract.Cart{}, fmt.Errorf("put cart: %w", err)
	}
	return cart, nil
}

// ClearCart empties a user's cart.
func (o *Orders) ClearCart(ctx context.Context, c contract.ClearCart) error {
	err := o.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		_, err := tx.SQL().ExecContext(ctx, `DELETE FROM cart WHERE user_id = $1`, c.UserID)
		return err
	})
	if err != nil {
		return fmt.Errorf("clear cart: %w", err)
	}
	return nil
}

func price(ctx context.Context, tx *headrace.Tx, items []contract.Item) (contract.Cart, error) {
	prices, err := readPrices(ctx, tx, items)
	if err != nil {
		return contract.Cart{}, err
	}
	lines, total, err := quote(items, prices)
	return contract.Cart{Lines: lines, Total: total}, err
}

func readCart(ctx context.Context, tx *headrace.Tx, userID string) ([]contract.Item, error) {
	var text string
	err := tx.SQL().QueryRowContext(ctx, `SELECT lines FROM cart WHERE user_id = $1`, userID).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var items []contract.Item
	return items, json.Unmarshal([]byte(text), &items)
}

func writeCart(ctx context.Context, tx *headrace.Tx, userID string, items []contract.Item) error {
	text, err := json.Marshal(items)
	if err != nil {
		return err
	}
	_, err = tx.SQL().ExecContext(ctx, `INSERT INTO cart (user_id, lines, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET lines = excluded.lines, updated_at = excluded.updated_at`, userID, string(text), tx.Now().UnixMicro())
	return err
}
