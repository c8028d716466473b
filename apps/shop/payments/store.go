package payments

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/bulk"
	"github.com/headrace/headrace/apps/shop/money"
)

// table is the service's tables within one transaction.
type table struct {
	sql *sql.Tx
	now int64 // microseconds since 1970
}

// payment is the row of an order.
type payment struct {
	orderID, id    string
	state          state
	amount         money.Money
	authCode, code string
}

// intent is a call to the provider that is to be made, or was made without its outcome being recorded.
type intent struct {
	key      string
	payment  payment
	action   action
	token    string
	attempts int64             // calls that did not end it, whether they were answered or not
	refusals int64             // those of them that were
	cause    headrace.Metadata // the event that asked for it
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

func (t table) addIntent(ctx context.Context, i intent) error {
	_, err := t.sql.ExecContext(ctx, `INSERT INTO intent
		(key, order_id, action, token, attempts, refusals, due_at, event_id, correlation_id, trace_parent, trace_state)
		VALUES ($1, $2, $3, $4, 0, 0, $5, $6, $7, $8, $9)`,
		i.key, i.payment.orderID, i.action, i.token, t.now, i.cause.ID, i.cause.CorrelationID, i.cause.TraceParent, i.cause.TraceState)
	if err != nil {
		return fmt.Errorf("add intent %s: %w", i.key, err)
	}
	return nil
}

// dueIntents returns open calls, the longest due first.
func (t table) dueIntents(ctx context.Context, limit int) ([]intent, error) {
	rows, err := t.sql.QueryContext(ctx, `SELECT i.key, i.action, i.token, i.attempts, i.refusals, i.event_id, i.correlation_id, i.trace_parent,
			i.trace_state, p.order_id, p.id, p.state, p.amount, p.currency, p.auth_code, p.code
		FROM intent i JOIN payment p ON p.order_id = i.order_id WHERE i.due_at <= $1 ORDER BY i.due_at, i.key LIMIT $2`, t.now, limit)
	if err != nil {
		return nil, fmt.Errorf("read open intents: %w", err)
	}
	defer rows.Close()
	var list []intent
	for rows.Next() {
		var i intent
		p := &i.payment
		if err := rows.Scan(&i.key, &i.action, &i.token, &i.attempts, &i.refusals, &i.cause.ID, &i.cause.CorrelationID, &i.cause.TraceParent,
			&i.cause.TraceState, &p.orderID, &p.id, &p.state, &p.amount.Amount, &p.amount.Currency, &p.authCode, &p.code); err != nil {
			return nil, fmt.Errorf("read open intents: %w", err)
		}
		list = append(list, i)
	}
	return list, rows.Err()
}

// closeIntent removes an intent, and returns false if somebody else has recorded its outcome.
func (t table) closeIntent(ctx context.Context, key string) (bool, error) {
	result, err := t.sql.ExecContext(ctx, `DELETE FROM intent WHERE key = $1`, key)
	if err != nil {
		return false, fmt.Errorf("close intent %s: %w", key, err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// postpone leaves an intent open until it is due, after a call that was refused or not answered.
func (t table) postpone(ctx context.Context, key string, due int64, refused bool) error {
	refusals := 0
	if refused {
		refusals = 1
	}
	_, err := t.sql.ExecContext(ctx, `UPDATE intent SET attempts = attempts + 1, refusals = refusals + $3, due_at = $2 WHERE key = $1`,
		key, due, refusals)
	if err != nil {
		return fmt.Errorf("postpone intent %s: %w", key, err)
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
