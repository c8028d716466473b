package contract

import (
	"testing"

	"github.com/headrace/headrace/apps/shop/money"
)

func TestFirstVersionOfPlaced(t *testing.T) {
	t.Parallel()
	e, err := Placed.Encode(PlacedData{OrderID: "o1"})
	if err != nil {
		t.Fatal(err)
	}
	e.Version = 1
	e.Data = []byte(`{"order_id":"o1","user_id":"u1","lines":[{"sku":"cup","name":"Cup","qty":2,"unit_price":{"amount":700,"currency":"EUR"}}],` +
		`"total":{"amount":1400,"currency":"EUR"},"payment_token":"4242"}`)
	got, err := Placed.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	d := got.Data
	if d.Total != money.EUR(1400) || d.Discount != money.EUR(0) || d.ShippingCost != money.EUR(0) || len(d.Lines) != 1 || d.PaymentToken != "4242" {
		t.Errorf("version 1 is read as %+v", d)
	}
}
