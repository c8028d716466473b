package inventory

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
	"github.com/headrace/headrace/headracetest"
)

// newInventory is the service on a database of its own, with the catalogue of a fresh shop.
func newInventory(t *testing.T, d *storetest.Database) *Inventory {
	t.Helper()
	i := New(d.Open(t, Schema), Settings{})
	if err := i.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *Inventory) mustStock(t *testing.T, sku string, want contract.Stock) {
	t.Helper()
	var got contract.Stock
	err := i.Service.View(t.Context(), func(ctx context.Context, tx *headrace.Tx) (err error) {
		got, err = i.db(tx).stock(ctx, sku)
		return err
	})
	want.SKU = sku
	if err != nil || got != want {
		t.Errorf("stock %+v, %v; want %+v", got, err, want)
	}
}

const (
	chair = "chair-folding" // one piece
	lamp  = "lamp-desk"     // five
)

func reserveFor(orderID string, items ...orders.Item) orders.ReserveStockData {
	return orders.ReserveStockData{OrderID: orderID, Lines: items}
}

func about(orderID string) orders.OrderData { return orders.OrderData{OrderID: orderID} }

func testReserveThenCommit(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	published := headracetest.Handle(t, i.Service, orders.ReserveStock, reserveFor("o1", orders.Item{SKU: lamp, Qty: 2}))
	if r := headracetest.One(t, published, contract.Reserved).Data; r.OrderID != "o1" || r.Lines[0] != (contract.Item{SKU: lamp, Qty: 2}) {
		t.Errorf("reserved %+v", r)
	}
	i.mustStock(t, lamp, contract.Stock{OnHand: 3, Reserved: 2})

	published = headracetest.Handle(t, i.Service, orders.CommitStock, about("o1"))
	headracetest.One(t, published, contract.Committed)
	i.mustStock(t, lamp, contract.Stock{OnHand: 3, Shipped: 2})

	published = headracetest.Handle(t, i.Service, orders.CommitStock, about("o1"))
	headracetest.One(t, published, contract.Committed) // told again, not done again
	i.mustStock(t, lamp, contract.Stock{OnHand: 3, Shipped: 2})

	if err := headracetest.HandleError(t, i.Service, orders.ReleaseStock, about("o1")); !headrace.IsPermanent(err) {
		t.Errorf("release of what has left: %v", err)
	}
}

func testReserveAllLinesOrNone(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	published := headracetest.Handle(t, i.Service, orders.ReserveStock,
		reserveFor("o1", orders.Item{SKU: lamp, Qty: 2}, orders.Item{SKU: chair, Qty: 2}, orders.Item{SKU: "nothing", Qty: 1}))
	rejected := headracetest.One(t, published, contract.Rejected).Data
	want := []contract.Shortage{{SKU: chair, Asked: 2, Available: 1}, {SKU: "nothing", Asked: 1}}
	if len(rejected.Shortages) != 2 || rejected.Shortages[0] != want[0] || rejected.Shortages[1] != want[1] {
		t.Errorf("shortages %+v, want %+v", rejected.Shortages, want)
	}
	i.mustStock(t, lamp, contract.Stock{OnHand: 5})
	i.mustStock(t, chair, contract.Stock{OnHand: 1})
}

func testLastPieceGoesToOne(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	published := headracetest.Handle(t, i.Service, orders.ReserveStock,
		reserveFor("o1", orders.Item{SKU: chair, Qty: 1}), reserveFor("o2", orders.Item{SKU: chair, Qty: 1}))
	if r := headracetest.One(t, published, contract.Reserved).Data; r.OrderID != "o1" {
		t.Errorf("reserved for %s", r.OrderID)
	}
	if r := headracetest.One(t, published, contract.Rejected).Data; r.OrderID != "o2" {
		t.Errorf("rejected %s", r.OrderID)
	}
	if low := headracetest.All(t, published, contract.StockLow); len(low) > 0 {
		t.Errorf("low stock told of a product that was always low: %+v", low)
	}
	i.mustStock(t, chair, contract.Stock{Reserved: 1})
}

func testReserveAgainIsAnsweredAgain(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	ask := reserveFor("o1", orders.Item{SKU: lamp, Qty: 2}, orders.Item{SKU: lamp, Qty: 1})
	first := headracetest.One(t, headracetest.Handle(t, i.Service, orders.ReserveStock, ask), contract.Reserved).Data
	again := headracetest.One(t, headracetest.Handle(t, i.Service, orders.ReserveStock, ask), contract.Reserved).Data
	if first.ReservationID != again.ReservationID {
		t.Errorf("two reservations: %s and %s", first.ReservationID, again.ReservationID)
	}
	i.mustStock(t, lamp, contract.Stock{OnHand: 2, Reserved: 3})
}

func testReleaseGivesBackOnce(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	headracetest.Handle(t, i.Service, orders.ReserveStock, reserveFor("o1", orders.Item{SKU: lamp, Qty: 4}))
	published := headracetest.Handle(t, i.Service, orders.ReleaseStock, about("o1"), about("o1"))
	if n := len(headracetest.All(t, published, contract.Released)); n != 2 {
		t.Errorf("%d answers to 2 requests", n)
	}
	i.mustStock(t, lamp, contract.Stock{OnHand: 5})
	if err := headracetest.HandleError(t, i.Service, orders.CommitStock, about("o1")); !headrace.IsPermanent(err) {
		t.Errorf("commit of what was given back: %v", err)
	}
}

func testReleaseBeatsLateReserve(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	published := headracetest.Handle(t, i.Service, orders.ReleaseStock, about("o1"))
	if r := headracetest.One(t, published, contract.Released).Data; len(r.Lines) > 0 {
		t.Errorf("released %+v of nothing", r.Lines)
	}
	published = headracetest.Handle(t, i.Service, orders.ReserveStock, reserveFor("o1", orders.Item{SKU: lamp, Qty: 4}))
	if len(published) > 0 {
		t.Errorf("published %+v for an order that was released", published)
	}
	i.mustStock(t, lamp, contract.Stock{OnHand: 5})
}

func testLowStockIsToldOnce(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	published := headracetest.Handle(t, i.Service, orders.ReserveStock,
		reserveFor("o1", orders.Item{SKU: lamp, Qty: 2}), reserveFor("o2", orders.Item{SKU: lamp, Qty: 1}), reserveFor("o3", orders.Item{SKU: lamp, Qty: 1}))
	if low := headracetest.One(t, published, contract.StockLow).Data; low != (contract.StockLowData{SKU: lamp, OnHand: 2}) {
		t.Errorf("low: %+v", low)
	}
}

func testAdjustStock(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	in := contract.AdjustStock{SKU: lamp, Delta: 7, Reason: "delivery", IdempotencyKey: "k1"}
	for range 2 { // the same key works once
		got, err := i.AdjustStock(t.Context(), in)
		if err != nil || got.OnHand != 12 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	for name, c := range map[string]struct {
		ask  contract.AdjustStock
		want error
	}{
		"same key, other request": {contract.AdjustStock{SKU: lamp, Delta: 8, IdempotencyKey: "k1"}, contract.ErrConflict},
		"more than there is":      {contract.AdjustStock{SKU: lamp, Delta: -13, IdempotencyKey: "k2"}, contract.ErrTooFew},
		"unknown product":         {contract.AdjustStock{SKU: "nothing", Delta: 1, IdempotencyKey: "k3"}, contract.ErrNotFound},
	} {
		if _, err := i.AdjustStock(t.Context(), c.ask); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	i.mustStock(t, lamp, contract.Stock{OnHand: 12})
}

func testSeedOnce(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	if err := i.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.mustStock(t, lamp, contract.Stock{OnHand: few})
	first, err := i.ListProducts(t.Context(), contract.ListProducts{Limit: 20})
	if err != nil || len(first.Products) != 20 || first.Next == "" {
		t.Fatalf("first page: %d products, next %q, %v", len(first.Products), first.Next, err)
	}
	second, err := i.ListProducts(t.Context(), contract.ListProducts{After: first.Next, Limit: 20})
	if err != nil || len(second.Products) != 4 || second.Next != "" {
		t.Errorf("second page: %d products, next %q, %v", len(second.Products), second.Next, err)
	}
}

func testChangePrice(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	p, err := i.GetProduct(t.Context(), contract.GetProduct{SKU: lamp})
	if err != nil {
		t.Fatal(err)
	}
	p.Price.Amount++
	changed, err := i.ChangePrice(t.Context(), contract.ChangePrice{SKU: lamp, Price: p.Price})
	if err != nil || changed.Price != p.Price {
		t.Errorf("changed to %v, %v", changed.Price, err)
	}
	if _, err := i.ChangePrice(t.Context(), contract.ChangePrice{SKU: "nothing", Price: p.Price}); !errors.Is(err, contract.ErrNotFound) {
		t.Errorf("price of nothing: %v", err)
	}
	p.Price.Amount = 0
	if _, err := i.ChangePrice(t.Context(), contract.ChangePrice{SKU: lamp, Price: p.Price}); err == nil {
		t.Error("a product for nothing")
	}
}

// testRequestsTogether: what comes in one batch is decided in its order, each request on what those before it left.
func testRequestsTogether(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	published, err := i.deliver(t,
		encode(t, orders.ReserveStock, reserveFor("o1", orders.Item{SKU: lamp, Qty: 4})),
		encode(t, orders.ReserveStock, reserveFor("o2", orders.Item{SKU: lamp, Qty: 2})), // there is one
		encode(t, orders.AuthorizePayment, orders.AuthorizePaymentData{OrderID: "o1"}),   // asked of somebody else
		encode(t, orders.ReleaseStock, about("o1")),
		encode(t, orders.ReserveStock, reserveFor("o3", orders.Item{SKU: lamp, Qty: 2}, orders.Item{SKU: chair, Qty: 1})),
		encode(t, orders.CommitStock, about("o3")),
	)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range published {
		got = append(got, p.Key+" "+p.Type)
		if p.CausationID == "" {
			t.Errorf("%s has no cause", p.Type)
		}
	}
	want := []string{
		lamp + " stock.low", "o1 stock.reserved", "o2 stock.reservation_rejected", "o1 stock.released", "o3 stock.reserved", "o3 stock.committed",
	}
	if !slices.Equal(got, want) {
		t.Errorf("said %q, want %q", got, want)
	}
	i.mustStock(t, lamp, contract.Stock{OnHand: 3, Shipped: 2})
	i.mustStock(t, chair, contract.Stock{Shipped: 1})
}

// testLaterVersionIsForAPerson: trying again does not help.
func testLaterVersionIsForAPerson(t *testing.T, d *storetest.Database) {
	i := newInventory(t, d)
	e := encode(t, orders.CommitStock, about("o1"))
	e.Version = 99
	if _, err := i.deliver(t, e); !headrace.IsPermanent(err) || !errors.Is(err, headrace.ErrUnknownVersion) {
		t.Errorf("a later version: %v", err)
	}
}
