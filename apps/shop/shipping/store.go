package shipping

import (
	"context"
	"fmt"

	"github.com/headrace/headrace"
)

// shipment is the row of an order.
type shipment struct {
	orderID, id, state, carrier, tracking string
}

// add reports false if the order has a shipment already.
func add(ctx context.Context, tx *headrace.Tx, s shipment) (bool, error) {
	result, err := tx.SQL().ExecContext(ctx, `INSERT INTO shipment (order_id, id, state, carrier, tracking, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (order_id) DO NOTHING`,
		s.orderID, s.id, s.state, s.carrier, s.tracking, tx.Now().UnixMicro())
	if err != nil {
		return false, fmt.Errorf("add shipment of order %s: %w", s.orderID, err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// move changes a shipment's state if it is what it is expected to be, and returns the shipment as it is then.
func move(ctx context.Context, tx *headrace.Tx, orderID, from, to string) (shipment, bool, error) {
	s := shipment{orderID: orderID}
	result, err := tx.SQL().ExecContext(ctx, `UPDATE shipment SET state = $3, updated_at = $4 WHERE order_id = $1 AND state = $2`,
		orderID, from, to, tx.Now().UnixMicro())
	if err != nil {
		return s, false, fmt.Errorf("move shipment of order %s to %s: %w", orderID, to, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return s, false, fmt.Errorf("move shipment of order %s to %s: %w", orderID, to, err)
	}
	err = tx.SQL().QueryRowContext(ctx, `SELECT id, state, carrier, tracking FROM shipment WHERE order_id = $1`, orderID).
		Scan(&s.id, &s.state, &s.carrier, &s.tracking)
	if err != nil {
		return s, false, fmt.Errorf("read shipment of order %s: %w", orderID, err)
	}
	return s, n == 1, nil
}
