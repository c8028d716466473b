package orders

import (
	"errors"
	"fmt"
	"testing"

	"github.com/headrace/headrace"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/orders/contract"
	payments "github.com/headrace/headrace/apps/shop/payments/contract"
	shipping "github.com/headrace/headrace/apps/shop/shipping/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
	"github.com/headrace/headrace/headracetest"
)

// rounds is how often two processes are let loose on an order.
const rounds = 20

// newPair is two processes that run the service on the same database.
func newPair(t *testing.T, d *storetest.Database) [2]*Orders {
	t.Helper()
	return [2]*Orders{newOrders(t, d, Settings{}), openOrders(t, d, Settings{})}
}

// deliver lets a process handle one event.
func deliver[T any](t *testing.T, o *Orders, c headrace.Contract[T], data T) ([]headrace.RawPublished, error) {
	t.Helper()
	e, err := c.Encode(data)
	if err != nil {
		return nil, err
	}
	return o.Service.Deliver(t.Context(), e)
}

// testOneKeyInTwoProcesses: whoever is first takes the order, and both know it.
func testOneKeyInTwoProcesses(t *testing.T, d *storetest.Database) {
	pair := newPair(t, d)
	for round := range rounds {
		var placed [2]contract.PlacedOrder
		storetest.Together(t, 2, func(n int) (err error) {
			placed[n], err = pair[n].PlaceOrder(t.Context(), request(fmt.Sprint("key ", round), contract.Item{SKU: "cup", Qty: 1}))
			return err
		})
		if placed[0].OrderID != placed[1].OrderID || placed[0].Repeated == placed[1].Repeated {
			t.Errorf("answers: %+v", placed)
		}
	}
	page, err := pair[0].ListOrders(t.Context(), contract.ListOrders{UserID: "u1", Limit: 100})
	if err != nil || len(page.Orders) != rounds {
		t.Errorf("%d orders, %v; want %d", len(page.Orders), err, rounds)
	}
}

// testCancelMeetsPayment: the order goes on, or it is undone, and never both.
func testCancelMeetsPayment(t *testing.T, d *storetest.Database) {
	pair := newPair(t, d)
	for round := range rounds {
		placed, err := pair[0].PlaceOrder(t.Context(), request(fmt.Sprint("key ", round), contract.Item{SKU: "cup", Qty: 1}))
		if err != nil {
			t.Fatal(err)
		}
		id := placed.OrderID
		headracetest.Handle(t, pair[0].Service, inventory.Reserved, inventory.ReservedData{OrderID: id})
		confirmed := false
		errs := storetest.AtOnce(2, func(n int) error {
			if n == 0 {
				_, err := pair[0].CancelOrder(t.Context(), contract.CancelOrder{OrderID: id, UserID: "u1"})
				return err
			}
			published, err := deliver(t, pair[1], payments.Authorized, payments.AuthorizedData{OrderID: id})
			confirmed = len(published) > 0
			return err
		})
		if errs[1] != nil || confirmed != errors.Is(errs[0], contract.ErrTooLate) {
			t.Errorf("confirmed: %v, cancel: %v, payment: %v", confirmed, errs[0], errs[1])
		}
	}
}

// testTwoTopicsEndAnOrder: its stock is committed while its parcel arrives. It is fulfilled once.
func testTwoTopicsEndAnOrder(t *testing.T, d *storetest.Database) {
	pair := newPair(t, d)
	for round := range rounds {
		placed, err := pair[0].PlaceOrder(t.Context(), request(fmt.Sprint("key ", round), contract.Item{SKU: "cup", Qty: 1}))
		if err != nil {
			t.Fatal(err)
		}
		id := placed.OrderID
		headracetest.Handle(t, pair[0].Service, inventory.Reserved, inventory.ReservedData{OrderID: id})
		headracetest.Handle(t, pair[0].Service, payments.Authorized, payments.AuthorizedData{OrderID: id})
		headracetest.Handle(t, pair[0].Service, shipping.Dispatched, shipping.DispatchedData{OrderID: id, Tracking: "T"})
		headracetest.Handle(t, pair[0].Service, payments.Captured, payments.CapturedData{OrderID: id})
		var published [2][]headrace.RawPublished
		storetest.Together(t, 2, func(n int) (err error) {
			if n == 0 {
				published[0], err = deliver(t, pair[0], inventory.Committed, inventory.CommittedData{OrderID: id})
				return err
			}
			published[1], err = deliver(t, pair[1], shipping.Delivered, shipping.DeliveredData{OrderID: id})
			return err
		})
		if said := len(published[0]) + len(published[1]); said != 1 {
			t.Errorf("said %d times that the order is fulfilled", said)
		}
		pair[0].mustBe(t, id, contract.StatusFulfilled, "")
	}
}
