package inventory

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

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

// shelf reads what requests are about.
func (t table) shelf(ctx context.Context, requests []request) (*shelf, error) {
	s := &shelf{reservations: map[string]reservation{}, onHand: map[string]int64{}}
	var orders, skus []any
	for _, r := range requests {
		orders = append(orders, r.orderID)
		for _, line := range r.lines {
			skus = append(skus, line.SKU)
		}
	}
	for ids := range slices.Chunk(orders, together) {
		if err := t.readReservations(ctx, ids, s.reservations); err != nil {
			return nil, err
		}
	}
	for some := range slices.Chunk(skus, together) {
		if err := t.readOnHand(ctx, some, s.onHand); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// together is how many rows one statement asks for.
const together = 256

func (t table) readReservations(ctx context.Context, orders []any, into map[string]reservation) error {
	rows, err := t.sql.QueryContext(ctx, `SELECT order_id, id, state, lines FROM reservation WHERE order_id IN `+bulk.List(1, len(orders)), orders...)
	if err != nil {
		return fmt.Errorf("read reservations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r reservation
		var lines string
		if err := rows.Scan(&r.orderID, &r.id, &r.state, &lines); err != nil {
			return fmt.Errorf("read reservations: %w", err)
		}
		if err := json.Unmarshal([]byte(lines), &r.lines); err != nil {
			return fmt.Errorf("read lines of the reservation of order %s: %w", r.orderID, err)
		}
		into[r.orderID] = r
	}
	return rows.Err()
}

// readOnHand reads how many pieces are free to sell of each product.
func (t table) readOnHand(ctx context.Context, skus []any, into map[string]int64) error {
	rows, err := t.sql.QueryContext(ctx, `SELECT sku, on_hand FROM stock WHERE sku IN `+bulk.List(1, len(skus)), skus...)
	if err != nil {
		return fmt.Errorf("read stock: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var sku string
		var n int64
		if err := rows.Scan(&sku, &n); err != nil {
			return fmt.Errorf("read stock: %w", err)
		}
		into[sku] = n
	}
	return rows.Err()
}

// keep writes what was decided.
func (t table) keep(ctx context.Context, s *shelf) error {
	slices.Sort(s.changed)
	var rows [][]any
	for _, orderID := range slices.Compact(s.changed) {
		r := s.reservations[orderID]
		lines, err := json.Marshal(r.lines)
		if err != nil {
			return fmt.Errorf("write lines of the reservation of order %s: %w", r.orderID, err)
		}
		rows = append(rows, []any{r.orderID, r.id, r.state, string(lines), t.now})
	}
	_, err := bulk.Insert(ctx, t.sql, "reservation (order_id, id, state, lines, updated_at)", rows,
		"ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at")
	if err != nil {
		return err
	}
	return t.move(ctx, s.moved)
}

// apply moves the pieces of lines.
func (t table) apply(ctx context.Context, ref string, k kind, lines []contract.Item) error {
	var list []moved
	for _, m := range k.moves(lines) {
		list = append(list, moved{ref, k, m})
	}
	return t.move(ctx, list)
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
