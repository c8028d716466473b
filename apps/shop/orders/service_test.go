package orders

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/invalid"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/money"
	"github.com/headrace/headrace/apps/shop/orders/contract"
	payments "github.com/headrace/headrace/apps/shop/payments/contract"
	shipping "github.com/headrace/headrace/apps/shop/shipping/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
	"github.com/headrace/headrace/headracetest"
)

// openOrders is the service on a database of its own.
func openOrders(t *testing.T, d *storetest.Database, settings Settings) *Orders {
	t.Helper()
	return New(d.Open(t, Schema), settings)
}

// newOrders is the same with two products on the price list.
func newOrders(t *testing.T, d *storetest.Database, settings Settings) *Orders {
	t.Helper()
	o := openOrders(t, d, settings)
	headracetest.Handle(t, o.Service, inventory.ProductListed,
		inventory.ProductListedData{SKU: "cup", Name: "Cup", Price: money.EUR(700)},
		inventory.ProductListedData{SKU: "pot", Name: "Pot", Price: money.EUR(8600)})
	return o
}

func request(key string, lines ...contract.Item) contract.PlaceOrder {
	return contract.PlaceOrder{UserID: "u1", IdempotencyKey: key, Lines: lines, PaymentToken: "4242424242424242"}
}

func (o *Orders) mustPlace(t *testing.T) string {
	t.Helper()
	placed, err := o.PlaceOrder(t.Context(), request("key", contract.Item{SKU: "cup", Qty: 2}))
	if err != nil {
		t.Fatal(err)
	}
	return placed.OrderID
}

func (o *Orders) mustBe(t *testing.T, orderID string, status contract.Status, reason string) contract.Order {
	t.Helper()
	got, err := o.GetOrder(t.Context(), contract.GetOrder{OrderID: orderID, UserID: "u1"})
	if err != nil || got.Status != status || got.Reason != reason {
		t.Errorf("order is %s %q, %v; want %s %q", got.Status, got.Reason, err, status, reason)
	}
	return got
}

func testOrderIsFulfilled(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{})
	id := o.mustPlace(t)
	o.mustBe(t, id, contract.StatusPlaced, "")

	published := headracetest.Handle(t, o.Service, inventory.Reserved, inventory.ReservedData{OrderID: id})
	ask := headracetest.One(t, published, contract.AuthorizePayment).Data
	if ask.Amount != money.EUR(1400) || ask.PaymentToken != "4242424242424242" || ask.UserID != "u1" {
		t.Errorf("asks to authorise %+v", ask)
	}
	published = headracetest.Handle(t, o.Service, payments.Authorized, payments.AuthorizedData{OrderID: id})
	headracetest.One(t, published, contract.Confirmed)
	if s := headracetest.One(t, published, contract.CreateShipment).Data; len(s.Lines) != 1 || s.Lines[0] != (contract.Item{SKU: "cup", Qty: 2}) {
		t.Errorf("asks to ship %+v", s)
	}
	o.mustBe(t, id, contract.StatusConfirmed, "")

	published = headracetest.Handle(t, o.Service, shipping.Dispatched, shipping.DispatchedData{OrderID: id, Tracking: "HR1"})
	headracetest.One(t, published, contract.CapturePayment)
	headracetest.Handle(t, o.Service, shipping.Delivered, shipping.DeliveredData{OrderID: id})
	o.mustBe(t, id, contract.StatusShipped, "")

	published = headracetest.Handle(t, o.Service, payments.Captured, payments.CapturedData{OrderID: id}, payments.CapturedData{OrderID: id})
	headracetest.One(t, published, contract.CommitStock)
	published = headracetest.Handle(t, o.Service, inventory.Committed, inventory.CommittedData{OrderID: id}, inventory.CommittedData{OrderID: id})
	headracetest.One(t, published, contract.Fulfilled)
	got := o.mustBe(t, id, contract.StatusFulfilled, "")
	if got.Tracking != "HR1" || got.Total != money.EUR(1400) || got.CorrelationID != id || got.Cancellable {
		t.Errorf("order: %+v", got)
	}
}

func testDeclinedOrderGivesStockBack(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{})
	id := o.mustPlace(t)
	headracetest.Handle(t, o.Service, inventory.Reserved, inventory.ReservedData{OrderID: id})
	published := headracetest.Handle(t, o.Service, payments.Declined, payments.DeclinedData{OrderID: id, Code: "card_declined"})
	headracetest.One(t, published, contract.ReleaseStock)
	o.mustBe(t, id, contract.StatusPlaced, paymentRefused) // until the stock is back
	published = headracetest.Handle(t, o.Service, inventory.Released, inventory.ReleasedData{OrderID: id, Lines: []inventory.Item{{SKU: "cup", Qty: 2}}})
	cancelled := headracetest.One(t, published, contract.Cancelled).Data
	if cancelled.Reason != paymentRefused || len(cancelled.Compensated) != 1 || cancelled.Compensated[0] != undoneStock || cancelled.UserID != "u1" {
		t.Errorf("cancelled: %+v", cancelled)
	}
	o.mustBe(t, id, contract.StatusCancelled, paymentRefused)
}

func testBuyerCancelsInTime(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{CancelWithin: time.Minute})
	id := o.mustPlace(t)
	headracetest.Handle(t, o.Service, inventory.Reserved, inventory.ReservedData{OrderID: id})
	published := headracetest.Handle(t, o.Service, payments.Authorized, payments.AuthorizedData{OrderID: id})
	due := headracetest.One(t, published, contract.ShipmentDue)
	if wait := due.Due.Sub(due.Time); wait != time.Minute {
		t.Errorf("waits %v", wait)
	}
	if _, err := o.CancelOrder(t.Context(), contract.CancelOrder{OrderID: id, UserID: "somebody else"}); !errors.Is(err, contract.ErrNotFound) {
		t.Errorf("somebody else cancels: %v", err)
	}
	for range 2 { // to ask again is no error
		if _, err := o.CancelOrder(t.Context(), contract.CancelOrder{OrderID: id, UserID: "u1"}); err != nil {
			t.Errorf("cancel: %v", err)
		}
	}
	if got := o.mustBe(t, id, contract.StatusConfirmed, "buyer_request"); !got.Cancelling || got.Cancellable {
		t.Errorf("cancelling: %+v", got)
	}
	if late := headracetest.Handle(t, o.Service, contract.ShipmentDue, contract.OrderData{OrderID: id}); len(late) > 0 {
		t.Errorf("ships a cancelled order: %+v", late)
	}
	published = headracetest.Handle(t, o.Service, payments.Voided, payments.VoidedData{OrderID: id, Held: true})
	headracetest.One(t, published, contract.ReleaseStock)
	published = headracetest.Handle(t, o.Service, inventory.Released, inventory.ReleasedData{OrderID: id})
	headracetest.One(t, published, contract.Cancelled)
}

func testBuyerCancelsTooLate(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{})
	id := o.mustPlace(t)
	headracetest.Handle(t, o.Service, inventory.Reserved, inventory.ReservedData{OrderID: id})
	headracetest.Handle(t, o.Service, payments.Authorized, payments.AuthorizedData{OrderID: id})
	if _, err := o.CancelOrder(t.Context(), contract.CancelOrder{OrderID: id, UserID: "u1"}); !errors.Is(err, contract.ErrTooLate) {
		t.Errorf("cancel: %v", err)
	}
	if _, err := o.CancelOrder(t.Context(), contract.CancelOrder{OrderID: "nothing"}); !errors.Is(err, contract.ErrNotFound) {
		t.Errorf("cancel nothing: %v", err)
	}
}

func testReplyAboutNothingIsDead(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{})
	if err := headracetest.HandleError(t, o.Service, inventory.Reserved, inventory.ReservedData{OrderID: "nothing"}); !headrace.IsPermanent(err) {
		t.Errorf("a reply about nothing: %v", err)
	}
}

func testDoubleClickIsOneOrder(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{})
	answers := make([]contract.PlacedOrder, 8)
	var clicks sync.WaitGroup
	for i := range answers {
		clicks.Go(func() {
			var err error
			lines := []contract.Item{{SKU: "cup", Qty: 1}, {SKU: "pot", Qty: 1}, {SKU: "cup", Qty: 1}}
			if i%2 == 0 {
				lines = []contract.Item{{SKU: "pot", Qty: 1}, {SKU: "cup", Qty: 2}} // the same order in other words
			}
			if answers[i], err = o.PlaceOrder(t.Context(), request("key", lines...)); err != nil {
				t.Error(err)
			}
		})
	}
	clicks.Wait()
	fresh := 0
	for _, a := range answers {
		if a.OrderID != answers[0].OrderID {
			t.Errorf("orders %s and %s", a.OrderID, answers[0].OrderID)
		}
		if !a.Repeated {
			fresh++
		}
	}
	page, err := o.ListOrders(t.Context(), contract.ListOrders{UserID: "u1"})
	if err != nil || len(page.Orders) != 1 || fresh != 1 {
		t.Errorf("%d orders, %d of them fresh, %v", len(page.Orders), fresh, err)
	}
	if _, err := o.PlaceOrder(t.Context(), request("key", contract.Item{SKU: "cup", Qty: 1})); !errors.Is(err, contract.ErrConflict) {
		t.Errorf("the same key for another order: %v", err)
	}
	other := request("key", contract.Item{SKU: "cup", Qty: 1})
	other.UserID = "u2"
	if _, err := o.PlaceOrder(t.Context(), other); err != nil {
		t.Errorf("the same key of another user: %v", err)
	}
}

func testInvalidOrders(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{})
	headracetest.Handle(t, o.Service, inventory.PriceChanged, inventory.PriceChangedData{SKU: "pot", Price: money.EUR(math.MaxInt64 / 2)})
	many := make([]contract.Item, contract.MaxLines+1)
	for i := range many {
		many[i] = contract.Item{SKU: fmt.Sprint("sku", i), Qty: 1}
	}
	cup := contract.Item{SKU: "cup", Qty: 1}
	for name, c := range map[string]struct {
		field string
		spoil func(*contract.PlaceOrder)
	}{
		"no user":           {"user_id", func(c *contract.PlaceOrder) { c.UserID = "" }},
		"no key":            {"idempotency_key", func(c *contract.PlaceOrder) { c.IdempotencyKey = "" }},
		"endless key":       {"idempotency_key", func(c *contract.PlaceOrder) { c.IdempotencyKey = strings.Repeat("k", 201) }},
		"no lines":          {"lines", func(c *contract.PlaceOrder) { c.Lines = nil }},
		"many lines":        {"lines", func(c *contract.PlaceOrder) { c.Lines = many }},
		"nothing of it":     {"lines[0].qty", func(c *contract.PlaceOrder) { c.Lines[0].Qty = 0 }},
		"less than nothing": {"lines[0].qty", func(c *contract.PlaceOrder) { c.Lines[0].Qty = -1 }},
		"too much of it":    {"lines[1].qty", func(c *contract.PlaceOrder) { c.Lines = []contract.Item{cup, {SKU: "cup", Qty: 99}} }},
		"overflow of it":    {"lines[1].qty", func(c *contract.PlaceOrder) { c.Lines = []contract.Item{cup, {SKU: "cup", Qty: math.MaxInt64}} }},
		"unknown product":   {"lines", func(c *contract.PlaceOrder) { c.Lines[0].SKU = "nothing" }},
		"endless total":     {"lines", func(c *contract.PlaceOrder) { c.Lines = []contract.Item{{SKU: "pot", Qty: 3}} }},
		"no card":           {"payment_token", func(c *contract.PlaceOrder) { c.PaymentToken = "" }},
		"not a card":        {"payment_token", func(c *contract.PlaceOrder) { c.PaymentToken = "4242x" }},
		"endless card":      {"payment_token", func(c *contract.PlaceOrder) { c.PaymentToken = strings.Repeat("4", 20) }},
	} {
		r := request("key "+name, cup)
		c.spoil(&r)
		_, err := o.PlaceOrder(t.Context(), r)
		if e, ok := errors.AsType[*invalid.Error](err); !ok || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if page, err := o.ListOrders(t.Context(), contract.ListOrders{}); err != nil || len(page.Orders) > 0 {
		t.Errorf("%d invalid orders were placed, %v", len(page.Orders), err)
	}
}

func testListOrders(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{})
	var ids []string
	for n := range 5 {
		placed, err := o.PlaceOrder(t.Context(), request(fmt.Sprint("key", n), contract.Item{SKU: "cup", Qty: 1}))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, placed.OrderID)
	}
	headracetest.Handle(t, o.Service, inventory.Rejected, inventory.RejectedData{OrderID: ids[2]})
	first, err := o.ListOrders(t.Context(), contract.ListOrders{UserID: "u1", Limit: 3})
	if err != nil || len(first.Orders) != 3 || first.Orders[0].OrderID != ids[4] || first.Next != ids[2] {
		t.Fatalf("first page: %+v, %v", first, err)
	}
	second, err := o.ListOrders(t.Context(), contract.ListOrders{UserID: "u1", Limit: 3, After: first.Next})
	if err != nil || len(second.Orders) != 2 || second.Orders[1].OrderID != ids[0] || second.Next != "" {
		t.Errorf("second page: %+v, %v", second, err)
	}
	cancelled, err := o.ListOrders(t.Context(), contract.ListOrders{Status: contract.StatusCancelled})
	if err != nil || len(cancelled.Orders) != 1 || cancelled.Orders[0].Reason != outOfStock {
		t.Errorf("cancelled: %+v, %v", cancelled, err)
	}
	if nobody, err := o.ListOrders(t.Context(), contract.ListOrders{UserID: "u2"}); err != nil || len(nobody.Orders) != 0 {
		t.Errorf("somebody else's: %+v, %v", nobody, err)
	}
}

func testCart(t *testing.T, d *storetest.Database) {
	o := newOrders(t, d, Settings{})
	if cart, err := o.GetCart(t.Context(), contract.GetCart{UserID: "u1"}); err != nil || len(cart.Lines) != 0 {
		t.Errorf("a new cart: %+v, %v", cart, err)
	}
	if _, err := o.PutCart(t.Context(), contract.PutCart{UserID: "u1", Lines: []contract.Item{{SKU: "cup", Qty: 3}}}); err != nil {
		t.Fatal(err)
	}
	headracetest.Handle(t, o.Service, inventory.PriceChanged, inventory.PriceChangedData{SKU: "cup", Price: money.EUR(800)})
	cart, err := o.GetCart(t.Context(), contract.GetCart{UserID: "u1"})
	if err != nil || len(cart.Lines) != 1 || cart.Total != money.EUR(2400) {
		t.Errorf("cart at the new price: %+v, %v", cart, err)
	}
	if _, err := o.PutCart(t.Context(), contract.PutCart{UserID: "u1", Lines: []contract.Item{{SKU: "nothing", Qty: 1}}}); err == nil {
		t.Error("a cart with an unknown product")
	}
	if err := o.ClearCart(t.Context(), contract.ClearCart{UserID: "u1"}); err != nil {
		t.Fatal(err)
	}
	if cart, err := o.GetCart(t.Context(), contract.GetCart{UserID: "u1"}); err != nil || len(cart.Lines) != 0 {
		t.Errorf("a cleared cart: %+v, %v", cart, err)
	}
}

func testReadyWithPrices(t *testing.T, d *storetest.Database) {
	o := openOrders(t, d, Settings{})
	if err := o.Ready(t.Context()); err == nil {
		t.Error("ready without prices")
	}
	headracetest.Handle(t, o.Service, inventory.ProductListed, inventory.ProductListedData{SKU: "cup", Name: "Cup", Price: money.EUR(700)})
	if err := o.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}
