package gateway

import (
	"testing"
	"time"

	"github.com/headrace/headrace/apps/shop/money"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		price(money.EUR(1250)):                                     "€12.50",
		price(money.EUR(-5)):                                       "−€0.05",
		price(money.Money{Amount: 100, Currency: "CHF"}):           "1.00 CHF",
		since(-time.Second):                                        "0 ms",
		since(43*time.Millisecond + 900*time.Microsecond):          "43 ms",
		since(1234 * time.Millisecond):                             "1.23 s",
		since(2*time.Minute + 3*time.Second):                       "2 min 3 s",
		eventText("orders", "order.placed"):                        "Order placed",
		eventText("orders.fulfilment", "fulfilment.reserve_stock"): "Reserve stock",
		serviceOf("", "orders.fulfilment"):                         "orders",
		serviceOf("payments", "payments"):                          "payments",
		sentence("this is it"):                                     "This is it.",
		sentence("Ärger."):                                         "Ärger.",
		short("0198c1d2-0000-7000-8000-00000000abcd"):              "0000abcd",
		short("tiny"):                                              "tiny",
		inWords(""):                                                "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
