package inventory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/bulk"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
)

// table is the service's tables within one transaction.
type table struct {
	sql *sql.Tx
	now int64 // microseconds since 1970
}

// reservation is what an order has set aside, or had.
type reservation struct {
	orderID, id, state string
	lines              []contract.Item
}

// enter waits until nobody else moves stock, and keeps others waiting until the transaction ends. It comes before everything that is read in
// order to change stock: an update that changes nothing locks its row on every database.
func (t table) enter(ctx context.Context) error {
	result, err := t.sql.ExecContext(ctx, `UPDATE stockroom SET door = door`)
	return expectRow(result, err, "enter the stockroom")
}

func (t table) reservation(ctx context.Context, orderID string) (reservation, bool, error) {
	r := reservation{orderID: orderID}
	var lines string
	err := t.sql.QueryRowContext(ctx, `SELECT id, state, lines FROM reservation WHERE order_id = $1`, orderID).Scan(&r.id, &r.state, &lines)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return r, false, nil
	case err != nil:
		return r, false, fmt.Errorf("read reservation of order %s: %w", orderID, err)
	}
	if err := json.Unmarshal([]byte(lines), &r.lines); err != nil {
		return r, false, fmt.Errorf("read lines of the reservation of order %s: %w", orderID, err)
	}
	return r, true, nil
}

func (t table) addReservation(ctx context.Context, r reservation) error {
	lines, err := json.Marshal(r.lines)
	if err != nil {
		return fmt.Errorf("write lines of the reservation of order %s: %w", r.orderID, err)
	}
	_, err = t.sql.ExecContext(ctx, `INSERT INTO reservation (order_id, id, state, lines, updated_at) VALUES ($1, $2, $3, $4, $5)`,
		r.orderID, r.id, r.state, string(lines), t.now)
	if err != nil {
		return fmt.Errorf("add reservation of order %s: %w", r.orderID, err)
	}
	return nil
}

// endReservation gives up with ErrConflict, which runs the handler again, if somebody else has ended it meanwhile.
func (t table) endReservation(ctx context.Context, orderID, state string) error {
	result, err := t.sql.ExecContext(ctx, `UPDATE reservation SET state = $2, updated_at = $3 WHERE order_id = $1 AND state = 'reserved'`,
		orderID, state, t.now)
	return expectRow(result, err, "end reservation of order "+orderID)
}

// onHand returns how many pieces are free to sell of each product of the lines.
func (t table) onHand(ctx context.Context, lines []contract.Item) (map[string]int64, error) {
	onHand := make(map[string]int64, len(lines))
	if len(lines) == 0 {
		return onHand, nil
	}
	args := make([]any, len(lines))
	for i, line := range lines {
		args[i] = line.SKU
	}
	rows, err := t.sql.QueryContext(ctx, `SELECT sku, on_hand FROM stock WHERE sku IN `+bulk.List(1, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("read stock: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var sku string
		var n int64
		if err := rows.Scan(&sku, &n); err != nil {
			return nil, fmt.Errorf("read stock: %w", err)
		}
		onHand[sku] = n
	}
	return onHand, rows.Err()
}

// apply moves the pieces of the lines and keeps why. It fails with ErrConflict, which runs the handler again, if they are not there.
func (t table) apply(ctx context.Context, ref string, k kind, lines []contract.Item) error {
	rows := make([][]any, 0, len(lines))
	for _, m := range k.moves(lines) {
		result, err := t.sql.ExecContext(ctx, `UPDATE stock SET on_hand = on_hand + $2, reserved = reserved + $3, shipped = shipped + $4
			WHERE sku = $1 AND on_hand + $2 >= 0 AND reserved + $3 >= 0`, m.sku, m.onHand, m.reserved, m.shipped)
		if err := expectRow(result, err, string(k)+" stock of "+m.sku+" for "+ref); err != nil {
			return err
		}
		rows = append(rows, []any{ref, string(k), m.sku, m.onHand, m.reserved, m.shipped, t.now})
	}
	_, err := bulk.Insert(ctx, t.sql, "movement (ref, kind, sku, on_hand, reserved, shipped, at)", rows, "")
	return err
}

// expectRow turns "no row was as expected" into ErrConflict.
func expectRow(result sql.Result, err error, what string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: %w", what, headrace.ErrConflict)
	}
	return nil
}
