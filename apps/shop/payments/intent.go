package payments

import (
	"context"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/bulk"
)

// intent is a call to the provider that is to be made, or was made without its outcome being recorded. It belongs to one process, which calls;
// the others leave it alone until it is overdue.
type intent struct {
	key      string
	payment  payment
	action   action
	token    string
	attempts int64             // calls that did not end it, whether they were answered or not
	refusals int64             // those of them that were
	cause    headrace.Metadata // the event that asked for it
}

// addIntent leaves a call for this process.
func (t table) addIntent(ctx context.Context, i intent) error {
	_, err := t.sql.ExecContext(ctx, `INSERT INTO intent
		(key, owner, order_id, action, token, attempts, refusals, due_at, event_id, correlation_id, trace_parent, trace_state)
		VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8, $9, $10)`,
		i.key, t.me, i.payment.orderID, i.action, i.token, t.now, i.cause.ID, i.cause.CorrelationID, i.cause.TraceParent, i.cause.TraceState)
	if err != nil {
		return fmt.Errorf("add intent %s: %w", i.key, err)
	}
	return nil
}

// dueIntents returns open calls of this process, the longest due first.
func (t table) dueIntents(ctx context.Context, limit int) ([]intent, error) {
	rows, err := t.sql.QueryContext(ctx, `SELECT i.key, i.action, i.token, i.attempts, i.refusals, i.event_id, i.correlation_id, i.trace_parent,
			i.trace_state, p.order_id, p.id, p.state, p.amount, p.currency, p.auth_code, p.code
		FROM intent i JOIN payment p ON p.order_id = i.order_id WHERE i.owner = $1 AND i.due_at <= $2 ORDER BY i.due_at, i.key LIMIT $3`,
		t.me, t.now, limit)
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

// overdueIntents returns the keys of calls that other processes should have made: they are due since before a time.
func (t table) overdueIntents(ctx context.Context, since int64, limit int) ([]any, error) {
	rows, err := t.sql.QueryContext(ctx, `SELECT key FROM intent WHERE owner <> $1 AND due_at < $2 ORDER BY key LIMIT $3`, t.me, since, limit)
	if err != nil {
		return nil, fmt.Errorf("read overdue intents: %w", err)
	}
	defer rows.Close()
	var keys []any
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("read overdue intents: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// takeOver makes calls those of this process, unless another one was faster, and returns how many.
func (t table) takeOver(ctx context.Context, since int64, keys []any) (int64, error) {
	result, err := t.sql.ExecContext(ctx, `UPDATE intent SET owner = $1, due_at = $2 WHERE owner <> $1 AND due_at < $3 AND key IN `+
		bulk.List(4, len(keys)), append([]any{t.me, t.now, since}, keys...)...)
	if err != nil {
		return 0, fmt.Errorf("take intents over: %w", err)
	}
	return result.RowsAffected()
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

// postpone leaves an intent open until it is due, after a call that was refused or not answered. One that another process has taken over by
// now is left to it.
func (t table) postpone(ctx context.Context, key string, due int64, refused bool) error {
	refusals := 0
	if refused {
		refusals = 1
	}
	_, err := t.sql.ExecContext(ctx, `UPDATE intent SET attempts = attempts + 1, refusals = refusals + $3, due_at = $2
		WHERE key = $1 AND owner = $4`, key, due, refusals, t.me)
	if err != nil {
		return fmt.Errorf("postpone intent %s: %w", key, err)
	}
	return nil
}
