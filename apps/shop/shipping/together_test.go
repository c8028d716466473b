package shipping

import (
	"fmt"
	"testing"
	"time"

	"github.com/headrace/headrace"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/shipping/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
	"github.com/headrace/headrace/headracetest"
)

// testRecallMeetsDispatch: a parcel stays here or leaves, and never both. Two topics tell of it, so two processes may hear of it at once.
func testRecallMeetsDispatch(t *testing.T, d *storetest.Database) {
	pair := [2]*Shipping{newShipping(t, d, Settings{Fetch: time.Minute}), newShipping(t, d, Settings{Fetch: time.Minute})}
	for round := range 20 {
		id := fmt.Sprint("o", round)
		headracetest.Handle(t, pair[0].Service, orders.CreateShipment, orders.CreateShipmentData{OrderID: id})
		recall, err := orders.CancelShipment.Encode(orders.OrderData{OrderID: id})
		if err != nil {
			t.Fatal(err)
		}
		due, err := contract.DispatchDue.Encode(contract.StepData{OrderID: id})
		if err != nil {
			t.Fatal(err)
		}
		left := false
		errs := storetest.AtOnce(2, func(n int) error {
			if n == 0 {
				_, err := pair[0].Service.Deliver(t.Context(), recall)
				return err
			}
			published, err := pair[1].Service.Deliver(t.Context(), due)
			left = len(published) > 0
			return err
		})
		if errs[1] != nil || left != headrace.IsPermanent(errs[0]) {
			t.Errorf("it has left: %v, recalled: %v, dispatched: %v", left, errs[0], errs[1])
		}
	}
}
