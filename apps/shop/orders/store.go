package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/money"
	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// order is the row of an order.
type order struct {
	progress
	id, userID, correlationID, token, tracking string
	total                                      money.Money
	lines                                      []contract.Line
	placedAt, updatedAt                        time.Time

	cancelledBy, cancelledWhy string // not stored: for the event that says so
}

func (o order) items() []contract.Item {
	items := make([]contract.Item, len(o.lines))
	for i, line := range o.lines {
		items[i] = contract.Item{SKU: line.SKU, Qty: line.Qty}
	}
	return items
}

func addOrder(ctx context.Context, tx *headrace.Tx, o order) error {
	lines, err := json.Marshal(o.lines)
	if err != nil {
		return fmt.Errorf("write lines of order %s: %w", o.id, err)
	}
	now := tx.Now().UnixMicro()
	_, err = tx.SQL().ExecContext(ctx, `INSERT INTO shop_order (id, user_id, correlation_id, state, status, reason, total, currency, lines,
			payment_token, tracking, delivered, undone, placed_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, $9, '', 0, '', $10, $10)`,
		o.id, o.userID, o.correlationID, o.state, o.status, o.total.Amount, o.total.Currency, string(lines), o.token, now)
	if err != nil {
		return fmt.Errorf("add order %s: %w", o.id, err)
	}
	return nil
}

const orderColumns = `id, user_id, correlation_id, state, status, reason, total, currency, lines, payment_token, tracking, delivered, undone,
	placed_at, updated_at`

// lockOrder returns an order with its row locked: an update that changes nothing does that on every database. It fails with sql.ErrNoRows when there is none.
func lockOrder(ctx context.Context, tx *headrace.Tx, id string) (order, error) {
	row := tx.SQL().QueryRowContext(ctx, `UPDATE shop_order SET delivered = delivered WHERE id = $1 RETURNING `+orderColumns, id)
	return scanOrder(row)
}

func findOrder(ctx context.Context, tx *headrace.Tx, id string) (order, error) {
	return scanOrder(tx.SQL().QueryRowContext(ctx, `SELECT `+orderColumns+` FROM shop_order WHERE id = $1`, id))
}

func scanOrder(row interface{ Scan(...any) error }) (order, error) {
	var o order
	var lines, undone string
	var delivered, placed, updated int64
	err := row.Scan(&o.id, &o.userID, &o.correlationID, &o.state, &o.status, &o.reason, &o.total.Amount, &o.total.Currency, &lines,
		&o.token, &o.tracking, &delivered, &undone, &placed, &updated)
	if err != nil {
		return o, fmt.Errorf("read order: %w", err)
	}
	o.delivered = delivered == 1
	if undone != "" {
		o.undone = strings.Split(undone, ",")
	}
	o.placedAt, o.updatedAt = time.UnixMicro(placed).UTC(), time.UnixMicro(updated).UTC()
	if err := json.Unmarshal([]byte(lines), &o.lines); err != nil {
		return o, fmt.Errorf("read lines of order %s: %w", o.id, err)
	}
	return o, nil
}

// saveOrder writes what changes in the life of an order.
func saveOrder(ctx context.Context, tx *headrace.Tx, o order) error {
	delivered := 0
	if o.delivered {
		delivered = 1
	}
	_, err := tx.SQL().ExecContext(ctx, `UPDATE shop_order SET state = $2, status = $3, reason = $4, payment_token = $5, tracking = $6,
			delivered = $7, undone = $8, updated_at = $9 WHERE id = $1`,
		o.id, o.state, o.status, o.reason, o.token, o.tracking, delivered, strings.Join(o.undone, ","), tx.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("save order %s: %w", o.id, err)
	}
	return nil
}

// place keeps which order an idempotency key makes, and returns the one that it made first and for which request.
func place(ctx context.Context, tx *headrace.Tx, c contract.PlaceOrder, request, orderID string) (firstRequest, firstID string, err error) {
	err = tx.SQL().QueryRowContext(ctx, `INSERT INTO placement (user_id, key, request, order_id, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_id, key) DO UPDATE SET at = placement.at RETURNING request, order_id`,
		c.UserID, c.IdempotencyKey, request, orderID, tx.Now().UnixMicro()).Scan(&firstRequest, &firstID)
	if err != nil {
		return "", "", fmt.Errorf("keep idempotency key: %w", err)
	}
	return firstRequest, firstID, nil
}
