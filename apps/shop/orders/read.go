package orders

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// GetOrder returns an order.
func (o *Orders) GetOrder(ctx context.Context, q contract.GetOrder) (contract.Order, error) {
	var ord order
	err := o.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		ord, err = findOrder(ctx, tx, q.OrderID)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) || err == nil && q.UserID != "" && ord.userID != q.UserID {
		err = contract.ErrNotFound
	}
	if err != nil {
		return contract.Order{}, fmt.Errorf("get order %.40q: %w", q.OrderID, err)
	}
	return contract.Order{
		OrderID: ord.id, UserID: ord.userID, Status: ord.status, Reason: ord.reason, Total: ord.total, Lines: ord.lines,
		Tracking: ord.tracking, Cancellable: ord.cancellable(), Cancelling: ord.cancelling(), CorrelationID: ord.correlationID,
		PlacedAt: ord.placedAt, UpdatedAt: ord.updatedAt,
	}, nil
}

// ListOrders returns a page of orders, the newest first.
func (o *Orders) ListOrders(ctx context.Context, q contract.ListOrders) (contract.OrderPage, error) {
	q.Limit = min(cmp.Or(max(q.Limit, 0), 20), 100)
	page := contract.OrderPage{Orders: []contract.OrderSummary{}}
	err := o.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		query, args := listQuery(q)
		rows, err := tx.SQL().QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			ord, err := scanOrder(rows)
			if err != nil {
				return err
			}
			page.Orders = append(page.Orders, contract.OrderSummary{
				OrderID: ord.id, UserID: ord.userID, Status: ord.status, Reason: ord.reason, Total: ord.total, PlacedAt: ord.placedAt,
			})
		}
		return rows.Err()
	})
	if err != nil {
		return contract.OrderPage{}, fmt.Errorf("list orders: %w", err)
	}
	if len(page.Orders) > q.Limit {
		page.Orders = page.Orders[:q.Limit]
		page.Next = page.Orders[q.Limit-1].OrderID
	}
	return page, nil
}

// listQuery asks for one order more than the page holds, to know whether there is another. Ids rise with time, so their order is that of
// the orders.
func listQuery(q contract.ListOrders) (query string, args []any) {
	var conditions []string
	where := func(column, operator, value string) {
		if value != "" {
			args = append(args, value)
			conditions = append(conditions, column+operator+"$"+strconv.Itoa(len(args)))
		}
	}
	where("user_id", " = ", q.UserID)
	where("status", " = ", string(q.Status))
	where("id", " < ", q.After)
	query = `SELECT ` + orderColumns + ` FROM shop_order`
	if len(conditions) > 0 {
		query += ` WHERE ` + strings.Join(conditions, " AND ")
	}
	args = append(args, q.Limit+1)
	return query + ` ORDER BY id DESC LIMIT $` + strconv.Itoa(len(args)), args
}
