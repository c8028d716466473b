package payments

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/headrace/headrace/apps/shop/bulk"
	"github.com/headrace/headrace/apps/shop/money"
)

// table is the service's tables within one transaction.
type table struct {
	sql *sql.Tx
	now int64  // microseconds since 1970
	me  string // this process, as an owner of intents
}

// payment is the row of an order.
type payment struct {
	orderID, id    string
	state          state
	amount         money.Money
	authCode, code string
}

const returning = ` RETURNING order_id, id, state, amount, currency, auth_code, code`

// lock returns the order's payment with its row locked. If there is none, the wanted one is added.
func (t table) lock(ctx context.Context, wanted payment) (payment, error) {
	row := t.sql.QueryRowContext(ctx, `INSERT INTO payment (order_id, id, state, amount, currency, auth_code, code, updated_at)
		VALUES ($1, $2, $3, $4, $5, '', '', $6) ON CONFLICT (order_id) DO UPDATE SET updated_at = excluded.updated_at`+returning,
		wanted.orderID, wanted.id, wanted.state, wanted.amount.Amount, wanted.amount.Currency, t.now)
	return scanPayment(row, wanted.orderID)
}

// relock returns a payment that exists, with its row locked.
func (t table) relock(ctx context.Context, orderID string) (payment, error) {
	row := t.sql.QueryRowContext(ctx, `UPDATE payment SET updated_at = $2 WHERE order_id = $1`+returning, orderID, t.now)
	return scanPayment(row, orderID)
}

func scanPayment(row *sql.Row, orderID string) (payment, error) {
	var p payment
	err := row.Scan(&p.orderID, &p.id, &p.state, &p.amount.Amount, &p.amount.Currency, &p.authCode, &p.code)
	if err != nil {
		return p, fmt.Errorf("lock payment of order %s: %w", orderID, err)
	}
	return p, nil
}

func (t table) save(ctx context.Context, p payment) error {
	_, err := t.sql.ExecContext(ctx, `UPDATE payment SET state = $2, auth_code = $3, code = $4 WHERE order_id = $1`,
		p.orderID, p.state, p.authCode, p.code)
	if err != nil {
		return fmt.Errorf("save payment of order %s: %w", p.orderID, err)
	}
	return nil
}

// posted is one posting on its way into the ledger.
type posted struct {
	key     string
	payment payment
	entries []entry
}

func (t table) post(ctx context.Context, postings []posted) error {
	var rows [][]any
	for _, p := range postings {
		for _, e := range p.entries {
			rows = append(rows, []any{p.key, e.account, p.payment.orderID, e.amount, p.payment.amount.Currency, t.now})
		}
	}
	_, err := bulk.Insert(ctx, t.sql, "ledger (posting, account, order_id, amount, currency, at)", rows, "")
	return err
}
