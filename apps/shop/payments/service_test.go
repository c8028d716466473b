package payments

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/money"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/payments/contract"
	"github.com/headrace/headrace/apps/shop/payments/provider"
	"github.com/headrace/headrace/apps/shop/storetest"
	"github.com/headrace/headrace/memory"
)

// bench is payments between a saga that asks and hears, and a provider that can be made to misbehave.
type bench struct {
	t        *testing.T
	payments *Payments
	saga     *headrace.Service
	heard    chan headrace.RawEvent
	provider *moody
	pay      func() (stop func()) // runs the calls to the provider
}

// moody is a provider in front of the real one.
type moody struct {
	*provider.Provider
	gate  chan struct{} // if not nil, the slow card waits for it after its charge
	slow  string        // that card
	began chan struct{} // if not nil, hears of every call that begins

	mu       sync.Mutex
	lost     int            // so many answers
	captures int            // that were asked for
	asked    map[string]int // how often to authorise, by key
	running  int
	most     int // calls at once
}

func (m *moody) Authorize(ctx context.Context, r provider.AuthorizeRequest) (provider.Answer, error) {
	m.count(1)
	defer m.count(-1)
	m.mu.Lock()
	m.asked[r.Key]++
	m.mu.Unlock()
	if m.began != nil {
		m.began <- struct{}{}
	}
	answer, err := m.Provider.Authorize(ctx, r)
	if m.gate != nil && r.Token == m.slow {
		select {
		case <-m.gate:
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
	return m.answer(answer, err)
}

func (m *moody) Capture(ctx context.Context, key, code string) (provider.Answer, error) {
	m.mu.Lock()
	m.captures++
	m.mu.Unlock()
	return m.answer(m.Provider.Capture(ctx, key, code))
}

// lose makes answers get lost, after their effect.
func (m *moody) lose(answers int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = answers
}

func (m *moody) count(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running += n
	m.most = max(m.most, m.running)
}

func (m *moody) answer(a provider.Answer, err error) (provider.Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost > 0 && err == nil {
		m.lost--
		return provider.Answer{}, errors.New("the answer got lost")
	}
	return a, err
}

const (
	goodCard      = "4242424242424242"
	badCard       = "4000000000000002"
	slowCard      = "4000000000000119"
	noCaptureCard = "4000000000000341"
)

// newBench runs everything but the calls to the provider.
func newBench(t *testing.T, d *storetest.Database, settings Settings) *bench {
	t.Helper()
	real, err := provider.Open(t.Context(), provider.Config{Path: filepath.Join(t.TempDir(), "provider.db"), Slow: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, heard: make(chan headrace.RawEvent, 100), provider: &moody{Provider: real, slow: slowCard, asked: map[string]int{}}}
	settings.Provider, settings.RetryMin = b.provider, time.Millisecond
	b.payments = New(d.Open(t, Schema), settings)
	b.saga = headrace.NewService(headrace.ServiceConfig{
		Name: "orders", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{orders.Fulfilment},
		Handlers: []headrace.Handler{headrace.OnTopic(contract.Topic, b.hear)},
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	app := headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{b.saga, b.payments.Service}}
	var running sync.WaitGroup
	running.Go(func() {
		if err := app.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		if err := real.Close(); err != nil {
			t.Error(err)
		}
	})
	<-app.Ready()
	b.pay = func() func() { return b.run(b.payments) }
	return b
}

// run runs the calls to the provider of one process.
func (b *bench) run(p *Payments) (stop func()) {
	b.t.Helper()
	ctx, end := context.WithCancel(context.WithoutCancel(b.t.Context()))
	var paying sync.WaitGroup
	paying.Go(func() { _ = p.Run(ctx) })
	stop = sync.OnceFunc(func() {
		end()
		paying.Wait()
	})
	b.t.Cleanup(stop)
	return stop
}

func (b *bench) hear(_ context.Context, _ *headrace.Tx, events []headrace.RawEvent) error {
	for _, e := range events {
		b.heard <- e
	}
	return nil
}

func (b *bench) ask(publish func(*headrace.Tx) error) {
	b.t.Helper()
	if err := b.saga.In(b.t.Context(), func(_ context.Context, tx *headrace.Tx) error { return publish(tx) }); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) authorize(orderID, card string) {
	b.t.Helper()
	b.ask(func(tx *headrace.Tx) error {
		return orders.AuthorizePayment.Publish(tx, orders.AuthorizePaymentData{OrderID: orderID, Amount: money.EUR(500), PaymentToken: card})
	})
}

func (b *bench) void(orderID string) {
	b.t.Helper()
	b.ask(func(tx *headrace.Tx) error { return orders.VoidPayment.Publish(tx, orders.OrderData{OrderID: orderID}) })
}

func (b *bench) want(typ, orderID string) headrace.RawEvent {
	b.t.Helper()
	select {
	case e := <-b.heard:
		if e.Type != typ || e.Key != orderID {
			b.t.Fatalf("heard %s of %s (%s), want %s of %s", e.Type, e.Key, e.Data, typ, orderID)
		}
		return e
	case <-time.After(20 * time.Second):
		b.t.Fatalf("heard nothing, want %s of %s", typ, orderID)
		panic("unreachable")
	}
}

// wantState is how a payment is, and what the ledger says of it.
func (b *bench) wantState(orderID string, want state, holds, bank int64) {
	b.t.Helper()
	var got state
	var gotHolds, gotBank int64
	err := b.payments.Service.View(b.t.Context(), func(ctx context.Context, tx *headrace.Tx) error {
		return tx.SQL().QueryRowContext(ctx, `SELECT state,
			(SELECT coalesce(sum(amount), 0) FROM ledger WHERE order_id = $1 AND account = 'holds'),
			(SELECT coalesce(sum(amount), 0) FROM ledger WHERE order_id = $1 AND account = 'bank')
			FROM payment WHERE order_id = $1`, orderID).Scan(&got, &gotHolds, &gotBank)
	})
	if err != nil || got != want || gotHolds != holds || gotBank != bank {
		b.t.Errorf("order %s: %q with %d held and %d ours, %v; want %q, %d and %d", orderID, got, gotHolds, gotBank, err, want, holds, bank)
	}
}

// inOrder are orders whose requests are handled in the order in which they are made, because they share a partition.
func inOrder(n int) []string {
	var ids []string
	for i := 0; len(ids) < n; i++ {
		if id := fmt.Sprintf("o%d", i); orders.Fulfilment.Partition(id) == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func testAuthorizeAndCapture(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{})
	b.pay()
	b.authorize("o1", goodCard)
	authorized := b.want("payment.authorized", "o1")
	b.wantState("o1", "authorized", 500, 0)
	b.ask(func(tx *headrace.Tx) error { return orders.CapturePayment.Publish(tx, orders.OrderData{OrderID: "o1"}) })
	captured := b.want("payment.captured", "o1")
	b.wantState("o1", "captured", 0, 500)
	if authorized.CausationID == "" || authorized.CorrelationID == captured.CorrelationID {
		t.Errorf("caused by %q, correlated %q and %q", authorized.CausationID, authorized.CorrelationID, captured.CorrelationID)
	}
}

func testDeclined(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{})
	b.pay()
	b.authorize("o1", badCard)
	b.want("payment.declined", "o1")
	b.wantState("o1", "declined", 0, 0)
	b.authorize("o1", goodCard) // another card does not help: it is the same request
	b.want("payment.declined", "o1")
}

func testRefusedCaptureNeedsAttention(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{CaptureAttempts: 3})
	b.pay()
	b.authorize("o1", noCaptureCard)
	b.want("payment.authorized", "o1")
	b.provider.lose(4) // answers that get lost are no refusals
	b.ask(func(tx *headrace.Tx) error { return orders.CapturePayment.Publish(tx, orders.OrderData{OrderID: "o1"}) })
	b.want("payment.capture_failed", "o1")
	if n := b.provider.captures; n != 4+3 {
		t.Errorf("asked %d times to capture, want 4 lost answers and 3 refusals", n)
	}
	b.wantState("o1", "capture_failed", 500, 0)
}

func testVoidBeforeAuthorize(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{})
	b.pay()
	ids := inOrder(2)
	b.void(ids[0])
	b.want("payment.voided", ids[0])
	b.authorize(ids[0], goodCard)
	b.authorize(ids[1], goodCard)
	b.want("payment.authorized", ids[1]) // and nothing of the first
	b.wantState(ids[0], "voided", 0, 0)
}

func testVoidWhileProviderThinks(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{})
	b.provider.gate = make(chan struct{})
	b.pay()
	ids := inOrder(2)
	b.authorize(ids[0], slowCard)
	b.void(ids[0])
	b.authorize(ids[1], goodCard)
	b.want("payment.authorized", ids[1]) // a slow card delays nobody else
	b.wantState(ids[0], "voiding", 0, 0)
	close(b.provider.gate)
	b.want("payment.voided", ids[0])
	b.wantState(ids[0], "voided", 0, 0)
}

func testLostAnswersChargeOnce(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{})
	b.provider.lose(3)
	b.pay()
	b.authorize("o1", goodCard)
	e := b.want("payment.authorized", "o1")
	first, err := contract.Authorized.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	again, found, err := b.provider.Lookup(t.Context(), e.CausationID+"/authorize")
	if err != nil || !found || again.AuthCode != first.Data.AuthCode {
		t.Errorf("the provider's answer to the key: %+v, %v, %v", again, found, err)
	}
	b.wantState("o1", "authorized", 500, 0)
}

// testOpenIntentIsFoundAgain stops the calls in the middle of one, as a crash would, and starts them anew.
func testOpenIntentIsFoundAgain(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{})
	b.provider.gate = make(chan struct{})
	stop := b.pay()
	ids := inOrder(2)
	b.authorize(ids[0], slowCard)
	b.authorize(ids[1], goodCard)
	b.want("payment.authorized", ids[1])
	stop()
	b.wantState(ids[0], "authorizing", 0, 0)
	close(b.provider.gate)
	b.pay()
	b.want("payment.authorized", ids[0])
	b.wantState(ids[0], "authorized", 500, 0)
}

func testCallsAreBounded(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{Calls: 3})
	b.provider.gate, b.provider.began = make(chan struct{}), make(chan struct{}, 100)
	ids := inOrder(9)
	for _, id := range ids[:8] {
		b.authorize(id, slowCard)
	}
	b.void(ids[8])
	b.want("payment.voided", ids[8]) // so the eight are to be called for
	b.pay()
	for range 3 {
		<-b.provider.began
	}
	close(b.provider.gate)
	for range 8 {
		if e := <-b.heard; e.Type != "payment.authorized" {
			t.Errorf("heard %s", e.Type)
		}
	}
	if b.provider.most != 3 {
		t.Errorf("%d calls at once, want 3", b.provider.most)
	}
}
