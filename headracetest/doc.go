// Package headracetest tests handlers without an App: an event goes straight to the service's own handler, in one transaction of the service's
// own store, and what the handler published comes back.
//
//	func TestPlacedReservesStock(t *testing.T) {
//		service := inventory.New(memory.NewStore(memory.StoreConfig{}))
//		published := headracetest.Handle(t, service, orders.Placed, orders.PlacedData{OrderID: "7"})
//		reserved := headracetest.One(t, published, inventory.Reserved)
//		if reserved.Key != "7" {
//			t.Errorf("reserved for order %s", reserved.Key)
//		}
//	}
//
// The transaction is committed, so what the handler wrote can be read with [headrace.Service.View], and the next event finds it there. There
// is no broker and no waiting; what comes from the engine, such as retries, is not part of such a test. Where a test needs metadata of its
// own or an older version of an event, [headrace.Service.Deliver] takes it as it is.
package headracetest
