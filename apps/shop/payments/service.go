// Package payments is the service that takes buyers' money, through a provider. It promises that nobody pays twice for an order, that what
// is set aside is taken or given back, and that its books say what the provider really did.
//
// The provider is never called inside a transaction. A request leaves an intent in the database; [Payments.Run] calls the provider for
// open intents, with a key that stays the same however often that happens, and records what came of it. Each process calls for the intents
// that it left, and for those of another that has not called in time.
package payments

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"time"

	"github.com/headrace/headrace"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/payments/contract"
	"github.com/headrace/headrace/apps/shop/payments/provider"
	"github.com/headrace/headrace/driver"
)

// Schema creates the service's tables, on SQLite and PostgreSQL.
//
//go:embed schema.sql
var Schema string

// Provider is what payments needs of a payment provider. An error means that the outcome is unknown.
type Provider interface {
	Authorize(ctx context.Context, r provider.AuthorizeRequest) (provider.Answer, error)
	Capture(ctx context.Context, key, authCode string) (provider.Answer, error)
	Void(ctx context.Context, key, authCode string) (provider.Answer, error)
}

// Settings are what a shop may choose. Provider is required; the rest is useful at zero.
type Settings struct {
	Provider Provider
	// Calls is how many calls to the provider may be under way at once. Default 64.
	Calls int
	// Process names this process among those that run the service at once: no two may have the same name. Default "": there is only one.
	Process string
	// TakeOver is how long after it fell due another process makes a call to the provider. Default 10 s.
	TakeOver time.Duration
	// CaptureAttempts is how often a refused capture is tried before the order needs attention. Default 3.
	CaptureAttempts int64
	// RetryMin is the wait before something is tried again; it doubles up to RetryMax. Defaults 200 ms and 30 s.
	RetryMin, RetryMax time.Duration
	// Logger hears of trouble with the provider or the store. Default: slog.Default.
	Logger *slog.Logger
	// Clock tells the time. Default: the machine's.
	Clock driver.Clock
}

// Payments is the service.
type Payments struct {
	Service *headrace.Service

	settings Settings
	nudge    chan struct{} // there will be a new intent as soon as a transaction commits
}

// New makes the service on a store that has the tables of Schema.
func New(store driver.Store, settings Settings) *Payments {
	settings.Calls = cmp.Or(settings.Calls, 64)
	settings.CaptureAttempts = cmp.Or(settings.CaptureAttempts, 3)
	settings.TakeOver = cmp.Or(settings.TakeOver, 10*time.Second)
	settings.RetryMin = cmp.Or(settings.RetryMin, 200*time.Millisecond)
	settings.RetryMax = cmp.Or(settings.RetryMax, 30*time.Second)
	settings.Logger = cmp.Or(settings.Logger, slog.Default())
	p := &Payments{settings: settings, nudge: make(chan struct{}, 1)}
	p.Service = headrace.NewService(headrace.ServiceConfig{
		Name:  "payments",
		Store: store,
		Clock: settings.Clock,
		Owns:  []headrace.Topic{contract.Topic},
		Handlers: []headrace.Handler{
			headrace.On(orders.AuthorizePayment, p.authorize),
			headrace.On(orders.CapturePayment, p.capture),
			headrace.On(orders.VoidPayment, p.void),
		},
	})
	return p
}

func (p *Payments) authorize(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.AuthorizePaymentData]) error {
	wanted := payment{orderID: e.Data.OrderID, amount: e.Data.Amount}
	return p.ask(ctx, tx, authorize, wanted, e.Data.PaymentToken, e.Metadata)
}

func (p *Payments) capture(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.OrderData]) error {
	return p.ask(ctx, tx, capture, payment{orderID: e.Data.OrderID}, "", e.Metadata)
}

func (p *Payments) void(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.OrderData]) error {
	return p.ask(ctx, tx, void, payment{orderID: e.Data.OrderID}, "", e.Metadata)
}

// ask handles a request: it decides, and leaves an intent if the provider must be called.
func (p *Payments) ask(ctx context.Context, tx *headrace.Tx, a action, wanted payment, token string, e headrace.Metadata) error {
	db := p.db(tx)
	d := asked(unknown, a)
	wanted.id, wanted.state = p.Service.NewID(), d.state
	now, err := db.lock(ctx, wanted)
	if err != nil {
		return err
	}
	if isNew := now.id == wanted.id; !isNew {
		d = asked(now.state, a)
	}
	if d.refuse != "" {
		return headrace.Permanent(fmt.Errorf("%s payment of order %s: %s", a, now.orderID, d.refuse))
	}
	if d.state != now.state {
		now.state = d.state
		if err := db.save(ctx, now); err != nil {
			return err
		}
	}
	if d.call != "" {
		i := intent{key: e.EffectKey(string(d.call)), payment: now, action: d.call, token: token, cause: e}
		if err := db.addIntent(ctx, i); err != nil {
			return err
		}
		p.wake()
	}
	return tell(tx, d.tell, now)
}

// tell publishes what became of a payment.
func tell(tx *headrace.Tx, news state, p payment, options ...headrace.PublishOption) error {
	switch news {
	case authorized:
		return contract.Authorized.Publish(tx, contract.AuthorizedData{
			PaymentID: p.id, OrderID: p.orderID, Amount: p.amount, AuthCode: p.authCode,
		}, options...)
	case declined:
		return contract.Declined.Publish(tx, contract.DeclinedData{PaymentID: p.id, OrderID: p.orderID, Code: p.code}, options...)
	case captured:
		return contract.Captured.Publish(tx, contract.CapturedData{PaymentID: p.id, OrderID: p.orderID, Amount: p.amount}, options...)
	case captureFailed:
		return contract.CaptureFailed.Publish(tx, contract.CaptureFailedData{PaymentID: p.id, OrderID: p.orderID, Code: p.code}, options...)
	case voided:
		return contract.Voided.Publish(tx, contract.VoidedData{PaymentID: p.id, OrderID: p.orderID, Held: p.authCode != ""}, options...)
	default:
		return nil
	}
}

func (p *Payments) wake() {
	select {
	case p.nudge <- struct{}{}:
	default: // it has been told already
	}
}

func (p *Payments) db(tx *headrace.Tx) table {
	return table{sql: tx.SQL(), now: tx.Now().UnixMicro(), me: p.settings.Process}
}
