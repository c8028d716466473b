package notifications

import (
	"errors"
	"strings"
	"testing"

	identity "github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/apps/shop/money"
	"github.com/headrace/headrace/apps/shop/notifications/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
	"github.com/headrace/headrace/headracetest"
)

func newNotifications(t *testing.T, d *storetest.Database) *Notifications {
	t.Helper()
	return New(d.Open(t, Schema), Settings{})
}

var (
	ada        = identity.RegisteredData{UserID: "u1", Email: "ada@shop.test", DisplayName: "Ada"}
	confirmed1 = orders.ConfirmedData{OrderID: "o1", UserID: "u1", Total: money.EUR(1999)}
)

func testOneMailPerReason(t *testing.T, d *storetest.Database) {
	n := newNotifications(t, d)
	published := headracetest.Handle(t, n.Service, identity.Registered, ada, ada)
	sent := headracetest.One(t, published, contract.Sent).Data
	if sent != (contract.SentData{Template: "welcome", Channel: "mail", RefID: "u1", DedupeKey: "welcome/u1"}) {
		t.Errorf("sent %+v", sent)
	}
	headracetest.One(t, headracetest.Handle(t, n.Service, orders.Confirmed, confirmed1, confirmed1), contract.Sent)
	headracetest.One(t, headracetest.Handle(t, n.Service, orders.Fulfilled, orders.FulfilledData{OrderID: "o1", UserID: "u1"}), contract.Sent)
	headracetest.One(t, headracetest.Handle(t, n.Service, orders.Cancelled, orders.CancelledData{OrderID: "o2", UserID: "u1", Reason: "out_of_stock"}), contract.Sent)

	list, err := n.ListMails(t.Context(), contract.ListMails{UserID: "u1"})
	if err != nil || len(list.Mails) != 4 {
		t.Fatalf("%d mails, %v", len(list.Mails), err)
	}
	newest := list.Mails[0]
	if newest.Template != "order_cancelled" || newest.To != ada.Email || !strings.Contains(newest.Body, "Ada") || !strings.Contains(newest.Body, "out of stock") {
		t.Errorf("newest mail: %+v", newest)
	}
	if list, err := n.ListMails(t.Context(), contract.ListMails{UserID: "u2"}); err != nil || len(list.Mails) != 0 {
		t.Errorf("mails of somebody else: %+v, %v", list.Mails, err)
	}
	if list, err := n.ListMails(t.Context(), contract.ListMails{Limit: 2}); err != nil || len(list.Mails) != 2 {
		t.Errorf("two mails of anybody: %d, %v", len(list.Mails), err)
	}
}

func testMailWaitsForItsReader(t *testing.T, d *storetest.Database) {
	n := newNotifications(t, d)
	if err := headracetest.HandleError(t, n.Service, orders.Confirmed, confirmed1); !errors.Is(err, errNoContact) {
		t.Errorf("mail to nobody: %v", err)
	}
	headracetest.Handle(t, n.Service, identity.Registered, ada)
	headracetest.One(t, headracetest.Handle(t, n.Service, orders.Confirmed, confirmed1), contract.Sent)
}

func testNewNameIsUsed(t *testing.T, d *storetest.Database) {
	n := newNotifications(t, d)
	headracetest.Handle(t, n.Service, identity.Registered, ada)
	headracetest.Handle(t, n.Service, identity.ProfileUpdated, identity.ProfileUpdatedData{UserID: "u1", DisplayName: "Countess"})
	headracetest.Handle(t, n.Service, orders.Confirmed, confirmed1)
	list, err := n.ListMails(t.Context(), contract.ListMails{Limit: 1})
	if err != nil || !strings.Contains(list.Mails[0].Body, "Countess") {
		t.Errorf("%+v, %v", list.Mails, err)
	}
}

func testFirstVersionOfRegistered(t *testing.T, d *storetest.Database) {
	n := newNotifications(t, d)
	e, err := identity.Registered.Encode(ada)
	if err != nil {
		t.Fatal(err)
	}
	e.Version, e.Data = 1, []byte(`{"user_id":"u1","email":"ada@shop.test","display_name":"Ada"}`)
	published, err := n.Service.Deliver(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	headracetest.One(t, published, contract.Sent)
}
