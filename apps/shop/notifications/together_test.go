package notifications

import (
	"testing"

	identity "github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/apps/shop/notifications/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
	"github.com/headrace/headrace/headracetest"
)

// testOneReasonInTwoProcesses: a process that was taken for dead may handle an event beside its successor.
func testOneReasonInTwoProcesses(t *testing.T, d *storetest.Database) {
	pair := [2]*Notifications{newNotifications(t, d), newNotifications(t, d)}
	headracetest.Handle(t, pair[0].Service, identity.Registered, ada)
	e, err := orders.Confirmed.Encode(confirmed1)
	if err != nil {
		t.Fatal(err)
	}
	var told [6]int
	storetest.Together(t, len(told), func(n int) error {
		published, err := pair[n%2].Service.Deliver(t.Context(), e)
		told[n] = len(published)
		return err
	})
	sum := 0
	for _, n := range told {
		sum += n
	}
	list, err := pair[0].ListMails(t.Context(), contract.ListMails{UserID: "u1"})
	if err != nil || sum != 1 || len(list.Mails) != 2 { // with the welcome
		t.Errorf("told of %d mails, %d are there, %v", sum, len(list.Mails), err)
	}
}
