// Package provider is a payment provider that exists only here. It keeps what it really took in a file of its own, so that the shop's books
// can be compared with it, and it is idempotent: the same key gets the same answer and has its effect once, whoever asks, for ever.
//
// The last four digits of a card decide what happens: 4242 pays, 0002 is declined, 0119 pays but answers late, 0341 is authorised and then
// never captured. Other cards are declined.
package provider

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite" // and the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/headrace/headrace/apps/shop/money"
)

//go:embed schema.sql
var schema string

// Config says where the provider keeps its books. Path is required.
type Config struct {
	// Path is the provider's file; it is made if it does not exist.
	Path string
	// Slow is how late the slow card is answered. Default 2 s.
	Slow time.Duration
	// Clock tells the time. Default: the machine's.
	Clock func() time.Time
}

// Provider is the provider. Its methods may be called concurrently. An error means that the outcome is unknown: ask again with the same
// key, or Lookup.
type Provider struct {
	db    *sql.DB
	slow  time.Duration
	clock func() time.Time
}

// Answer is what the provider says to a request.
type Answer struct {
	AuthCode string // names the hold; empty if it was declined
	Declined string // why not, in a word; empty if it was done
}

// Open opens the provider's file, which other processes of this machine may open and use at the same time. What was answered is in it before the
// answer is given; a crash of the process loses nothing.
func Open(ctx context.Context, c Config) (*Provider, error) {
	db, err := sql.Open("sqlite", "file:"+c.Path+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		return nil, fmt.Errorf("provider: open %s: %w", c.Path, err)
	}
	db.SetMaxOpenConns(1) // one writer; requests queue here instead of colliding in the file
	if err := setUp(ctx, db); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("provider: open %s: %w", c.Path, err)
	}
	p := &Provider{db: db, slow: cmp.Or(c.Slow, 2*time.Second), clock: c.Clock}
	if p.clock == nil {
		p.clock = time.Now
	}
	return p, nil
}

const (
	busyFor   = 10 * time.Second // how long others may be in the way
	busyAgain = 5 * time.Millisecond
)

// setUp makes the tables. Where several processes make the file a database at once, SQLite refuses all but one instead of letting them wait.
func setUp(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, busyFor)
	defer cancel()
	again := time.NewTicker(busyAgain)
	defer again.Stop()
	for {
		_, err := db.ExecContext(ctx, schema)
		if e, ok := errors.AsType[*sqlite.Error](err); !ok || e.Code()&0xff != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

// Close closes the file.
func (p *Provider) Close() error { return p.db.Close() }

// AuthorizeRequest asks to set an amount aside on a card. Reference is what the caller calls it.
type AuthorizeRequest struct {
	Key       string
	Reference string
	Amount    money.Money
	Token     string
}

// Authorize sets an amount aside.
func (p *Provider) Authorize(ctx context.Context, r AuthorizeRequest) (Answer, error) {
	card := r.Token[max(0, len(r.Token)-4):]
	answer, err := p.once(ctx, request{key: r.Key, action: "authorize"}, func(tx *sql.Tx, o *operation) error {
		o.reference, o.amount = r.Reference, r.Amount
		if o.declined = decline(card, r.Amount); o.declined != "" {
			return nil
		}
		o.authCode = authCode(r.Key)
		_, err := tx.ExecContext(ctx, `INSERT INTO hold (auth_code, reference, card, currency, held, captured, refunded)
			VALUES ($1, $2, $3, $4, $5, 0, 0)`, o.authCode, r.Reference, card, r.Amount.Currency, r.Amount.Amount)
		return err
	})
	if err == nil && card == cardSlow {
		err = p.linger(ctx)
	}
	return answer, err
}

// Capture takes the whole amount that is set aside.
func (p *Provider) Capture(ctx context.Context, key, authCode string) (Answer, error) {
	return p.once(ctx, request{key: key, action: "capture", authCode: authCode}, func(tx *sql.Tx, o *operation) error {
		switch {
		case o.hold.card == cardNoCapture:
			o.declined = "capture_refused"
		case o.hold.held == 0:
			o.declined = "nothing_held"
		}
		if o.declined != "" {
			return nil
		}
		o.amount.Amount = o.hold.held
		_, err := tx.ExecContext(ctx, `UPDATE hold SET captured = captured + held, held = 0 WHERE auth_code = $1`, authCode)
		return err
	})
}

// Void gives up what is set aside. Voiding nothing is declined.
func (p *Provider) Void(ctx context.Context, key, authCode string) (Answer, error) {
	return p.once(ctx, request{key: key, action: "void", authCode: authCode}, func(tx *sql.Tx, o *operation) error {
		if o.hold.held == 0 {
			o.declined = "nothing_held"
			return nil
		}
		o.amount.Amount = o.hold.held
		_, err := tx.ExecContext(ctx, `UPDATE hold SET held = 0 WHERE auth_code = $1`, authCode)
		return err
	})
}

// Refund gives back an amount that was captured.
func (p *Provider) Refund(ctx context.Context, key, authCode string, amount money.Money) (Answer, error) {
	return p.once(ctx, request{key: key, action: "refund", authCode: authCode}, func(tx *sql.Tx, o *operation) error {
		o.amount = amount
		if amount.Amount < 1 || amount.Amount > o.hold.captured-o.hold.refunded || amount.Currency != o.hold.currency {
			o.declined = "amount"
			return nil
		}
		_, err := tx.ExecContext(ctx, `UPDATE hold SET refunded = refunded + $2 WHERE auth_code = $1`, authCode, amount.Amount)
		return err
	})
}

// Lookup tells what was answered to a key, and false if it was never heard of.
func (p *Provider) Lookup(ctx context.Context, key string) (Answer, bool, error) {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return Answer{}, false, fmt.Errorf("provider: look up %s: %w", key, err)
	}
	defer func() { _ = tx.Rollback() }()
	return answered(ctx, tx, key)
}

// linger waits as long as the slow card takes.
func (p *Provider) linger(ctx context.Context) error {
	timer := time.NewTimer(p.slow)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("provider: wait for the answer: %w", ctx.Err())
	}
}
