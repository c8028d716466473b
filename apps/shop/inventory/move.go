package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/bulk"
)

// move moves pieces and keeps why. It fails with ErrConflict, which runs the handler again, if they are not there.
func (t table) move(ctx context.Context, list []moved) error {
	sums := map[string]movement{}
	rows := make([][]any, len(list))
	for n, m := range list {
		sum := sums[m.sku]
		sums[m.sku] = movement{m.sku, sum.onHand + m.onHand, sum.reserved + m.reserved, sum.shipped + m.shipped}
		rows[n] = []any{m.ref, string(m.kind), m.sku, m.onHand, m.reserved, m.shipped, t.now}
	}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(sums)), together) {
		if err := t.count(ctx, some, sums); err != nil {
			return err
		}
	}
	_, err := bulk.Insert(ctx, t.sql, "movement (ref, kind, sku, on_hand, reserved, shipped, at)", rows, "")
	return err
}

// count makes the stock of products what it is after movements. Databases do not know the types of parameters that stand in VALUES.
func (t table) count(ctx context.Context, skus []string, sums map[string]movement) error {
	values, args := make([]string, len(skus)), make([]any, 0, 4*len(skus))
	for n, sku := range skus {
		values[n] = fmt.Sprintf("(CAST($%d AS TEXT), CAST($%d AS BIGINT), CAST($%d AS BIGINT), CAST($%d AS BIGINT))", 4*n+1, 4*n+2, 4*n+3, 4*n+4)
		args = append(args, sku, sums[sku].onHand, sums[sku].reserved, sums[sku].shipped)
	}
	result, err := t.sql.ExecContext(ctx, `UPDATE stock SET on_hand = stock.on_hand + v.column2, reserved = stock.reserved + v.column3,
			shipped = stock.shipped + v.column4
		FROM (VALUES `+strings.Join(values, ", ")+`) AS v
		WHERE stock.sku = v.column1 AND stock.on_hand + v.column2 >= 0 AND stock.reserved + v.column3 >= 0`, args...)
	if err != nil {
		return fmt.Errorf("move stock: %w", err)
	}
	n, err := result.RowsAffected()
	if err == nil && n != int64(len(skus)) {
		err = fmt.Errorf("move stock of %d products: %d have as much: %w", len(skus), n, headrace.ErrConflict)
	}
	return err
}
