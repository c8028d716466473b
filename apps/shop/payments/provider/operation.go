package provider

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/headrace/headrace/apps/shop/money"
)

// The cards that behave in a way of their own.
const (
	cardPays      = "4242"
	cardDeclined  = "0002"
	cardSlow      = "0119"
	cardNoCapture = "0341"
)

// decline says why a card does not authorise an amount; empty if it does.
func decline(card string, amount money.Money) string {
	switch {
	case amount.Amount < 1:
		return "amount"
	case card == cardDeclined:
		return "card_declined"
	case card == cardPays, card == cardSlow, card == cardNoCapture:
		return ""
	default:
		return "unknown_card"
	}
}

// authCode is made of the key, so that the same request can only ever make the same hold.
func authCode(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "auth_" + hex.EncodeToString(sum[:10])
}

type request struct{ key, action, authCode string }

// operation is what a request comes to.
type operation struct {
	reference, authCode, declined string
	amount                        money.Money
	hold                          hold
}

type hold struct {
	card, currency           string
	held, captured, refunded int64
}

// once does what a key asks for, unless it was done before, and keeps the answer with it. A refused capture is not kept: nothing was taken,
// and to ask again may go better.
func (p *Provider) once(ctx context.Context, r request, do func(*sql.Tx, *operation) error) (Answer, error) {
	wrap := func(err error) error { return fmt.Errorf("provider: %s %s: %w", r.action, r.key, err) }
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return Answer{}, wrap(err)
	}
	defer func() { _ = tx.Rollback() }()
	if answer, found, err := answered(ctx, tx, r.key); err != nil || found {
		return answer, err
	}
	o, err := begin(ctx, tx, r)
	if err != nil {
		return Answer{}, wrap(err)
	}
	if err := do(tx, &o); err != nil {
		return Answer{}, wrap(err)
	}
	answer := Answer{AuthCode: o.authCode, Declined: o.declined}
	if r.action == "capture" && o.declined != "" {
		return answer, nil
	}
	if err := p.keep(ctx, tx, r, o); err != nil {
		return Answer{}, wrap(err)
	}
	if err := tx.Commit(); err != nil {
		return Answer{}, wrap(err)
	}
	return answer, nil
}

func answered(ctx context.Context, tx *sql.Tx, key string) (Answer, bool, error) {
	var a Answer
	err := tx.QueryRowContext(ctx, `SELECT auth_code, declined FROM operation WHERE key = $1`, key).Scan(&a.AuthCode, &a.Declined)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return a, false, nil
	case err != nil:
		return a, false, fmt.Errorf("provider: look up %s: %w", key, err)
	}
	return a, true, nil
}

// begin reads the hold that a request is about. A request about a hold that does not exist finds nothing held.
func begin(ctx context.Context, tx *sql.Tx, r request) (operation, error) {
	o := operation{authCode: r.authCode}
	if r.authCode == "" {
		return o, nil
	}
	err := tx.QueryRowContext(ctx, `SELECT reference, card, currency, held, captured, refunded FROM hold WHERE auth_code = $1`, r.authCode).
		Scan(&o.reference, &o.hold.card, &o.hold.currency, &o.hold.held, &o.hold.captured, &o.hold.refunded)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return o, err
	}
	o.amount.Currency = o.hold.currency
	return o, nil
}

func (p *Provider) keep(ctx context.Context, tx *sql.Tx, r request, o operation) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO operation (key, action, reference, auth_code, amount, currency, declined, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.key, r.action, o.reference, o.authCode, o.amount.Amount, o.amount.Currency, o.declined, p.clock().UnixMicro())
	return err
}
