package shipping

import (
	"testing"
	"time"

	"github.com/headrace/headrace"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/shipping/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
	"github.com/headrace/headrace/headracetest"
)

func newShipping(t *testing.T, d *storetest.Database, settings Settings) *Shipping {
	t.Helper()
	return New(d.Open(t, Schema), settings)
}

func types(published []headrace.RawPublished) []string {
	var names []string
	for _, p := range published {
		names = append(names, p.Type)
	}
	return names
}

func wantTypes(t *testing.T, published []headrace.RawPublished, want ...string) {
	t.Helper()
	got := types(published)
	if len(got) != len(want) {
		t.Fatalf("published %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("published %v, want %v", got, want)
		}
	}
}

var ask = orders.CreateShipmentData{OrderID: "o1"}

func testFastCarrier(t *testing.T, d *storetest.Database) {
	s := newShipping(t, d, Settings{})
	published := headracetest.Handle(t, s.Service, orders.CreateShipment, ask)
	wantTypes(t, published, "shipment.created", "shipment.dispatched", "shipment.delivered")
	if d := headracetest.One(t, published, contract.Dispatched).Data; d.Tracking == "" || d.OrderID != "o1" {
		t.Errorf("dispatched %+v", d)
	}
	wantTypes(t, headracetest.Handle(t, s.Service, orders.CreateShipment, ask)) // one parcel is enough
	if err := headracetest.HandleError(t, s.Service, orders.CancelShipment, orders.OrderData{OrderID: "o1"}); !headrace.IsPermanent(err) {
		t.Errorf("recall of a delivered parcel: %v", err)
	}
}

func testSlowCarrier(t *testing.T, d *storetest.Database) {
	s := newShipping(t, d, Settings{Fetch: time.Minute, Carry: time.Hour})
	step := contract.StepData{OrderID: "o1"}

	published := headracetest.Handle(t, s.Service, orders.CreateShipment, ask)
	wantTypes(t, published, "shipment.created", "shipping.dispatch_due")
	due := headracetest.One(t, published, contract.DispatchDue)
	if wait := due.Due.Sub(due.Time); wait != time.Minute {
		t.Errorf("fetched after %v", wait)
	}
	wantTypes(t, headracetest.Handle(t, s.Service, contract.DeliveryDue, step)) // not yet

	published = headracetest.Handle(t, s.Service, contract.DispatchDue, step)
	wantTypes(t, published, "shipment.dispatched", "shipping.delivery_due")
	due = headracetest.One(t, published, contract.DeliveryDue)
	if wait := due.Due.Sub(due.Time); wait != time.Hour {
		t.Errorf("carried for %v", wait)
	}
	wantTypes(t, headracetest.Handle(t, s.Service, contract.DispatchDue, step)) // once is enough

	wantTypes(t, headracetest.Handle(t, s.Service, contract.DeliveryDue, step), "shipment.delivered")
	wantTypes(t, headracetest.Handle(t, s.Service, contract.DeliveryDue, step))
}

func testRecall(t *testing.T, d *storetest.Database) {
	s := newShipping(t, d, Settings{Fetch: time.Minute})
	id := orders.OrderData{OrderID: "o1"}
	headracetest.Handle(t, s.Service, orders.CreateShipment, ask)
	wantTypes(t, headracetest.Handle(t, s.Service, orders.CancelShipment, id, id), "shipment.cancelled", "shipment.cancelled")
	wantTypes(t, headracetest.Handle(t, s.Service, contract.DispatchDue, contract.StepData{OrderID: "o1"})) // it stays here
}

func testRecallBeatsLateRequest(t *testing.T, d *storetest.Database) {
	s := newShipping(t, d, Settings{})
	wantTypes(t, headracetest.Handle(t, s.Service, orders.CancelShipment, orders.OrderData{OrderID: "o1"}), "shipment.cancelled")
	wantTypes(t, headracetest.Handle(t, s.Service, orders.CreateShipment, ask))
}
