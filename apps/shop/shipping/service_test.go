package shipping

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/headrace/headrace"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/shipping/contract"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
	"github.com/headrace/headrace/headracetest"
)

func newShipping(t *testing.T, settings Settings) *Shipping {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "shipping.db"), Schema: Schema})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(store, settings)
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

func TestFastCarrier(t *testing.T) {
	t.Parallel()
	s := newShipping(t, Settings{})
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

func TestSlowCarrier(t *testing.T) {
	t.Parallel()
	s := newShipping(t, Settings{Fetch: time.Minute, Carry: time.Hour})
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

func TestRecall(t *testing.T) {
	t.Parallel()
	s := newShipping(t, Settings{Fetch: time.Minute})
	id := orders.OrderData{OrderID: "o1"}
	headracetest.Handle(t, s.Service, orders.CreateShipment, ask)
	wantTypes(t, headracetest.Handle(t, s.Service, orders.CancelShipment, id, id), "shipment.cancelled", "shipment.cancelled")
	wantTypes(t, headracetest.Handle(t, s.Service, contract.DispatchDue, contract.StepData{OrderID: "o1"})) // it stays here
}

func TestRecallBeatsLateRequest(t *testing.T) {
	t.Parallel()
	s := newShipping(t, Settings{})
	wantTypes(t, headracetest.Handle(t, s.Service, orders.CancelShipment, orders.OrderData{OrderID: "o1"}), "shipment.cancelled")
	wantTypes(t, headracetest.Handle(t, s.Service, orders.CreateShipment, ask))
}
