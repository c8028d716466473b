package orders

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/headrace/headrace/apps/shop/invalid"
	"github.com/headrace/headrace/apps/shop/money"
	"github.com/headrace/headrace/apps/shop/orders/contract"
)

const (
	maxKey   = 200
	minToken = 4
	maxToken = 19
)

// checkRequest looks at what needs no price list.
func checkRequest(c contract.PlaceOrder) error {
	switch {
	case c.UserID == "":
		return invalid.Field("user_id", "is missing")
	case c.IdempotencyKey == "" || len(c.IdempotencyKey) > maxKey:
		return invalid.Field("idempotency_key", fmt.Sprintf("must have 1 to %d characters", maxKey))
	case len(c.Lines) == 0:
		return invalid.Field("lines", "must not be empty")
	case !isToken(c.PaymentToken):
		return invalid.Field("payment_token", fmt.Sprintf("must be %d to %d digits", minToken, maxToken))
	}
	return nil
}

func isToken(s string) bool {
	return len(s) >= minToken && len(s) <= maxToken && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// merge adds up lines of the same product, in the order in which products are first named, and checks the numbers.
func merge(lines []contract.Item) ([]contract.Item, error) {
	if len(lines) > contract.MaxLines {
		return nil, invalid.Field("lines", fmt.Sprintf("must not be more than %d", contract.MaxLines))
	}
	var merged []contract.Item
	for i, line := range lines {
		n := slices.IndexFunc(merged, func(m contract.Item) bool { return m.SKU == line.SKU })
		if n < 0 {
			n = len(merged)
			merged = append(merged, contract.Item{SKU: line.SKU})
		}
		if line.Qty < 1 || line.Qty > contract.MaxQty || merged[n].Qty+line.Qty > contract.MaxQty {
			return nil, invalid.Field(fmt.Sprintf("lines[%d].qty", i), fmt.Sprintf("must be 1 to %d per product", contract.MaxQty))
		}
		merged[n].Qty += line.Qty
	}
	return merged, nil
}

// fingerprint is equal for equal requests, in whatever order they name their products.
func fingerprint(items []contract.Item, token string) string {
	items = slices.SortedFunc(slices.Values(items), func(a, b contract.Item) int { return strings.Compare(a.SKU, b.SKU) })
	text, _ := json.Marshal(struct { // strings and numbers can always be encoded
		Items []contract.Item
		Token string
	}{items, token})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// quote puts prices to what somebody wants. It refuses products that the shop does not sell, and totals that do not fit.
func quote(items []contract.Item, prices priceList) ([]contract.Line, money.Money, error) {
	lines, total := make([]contract.Line, len(items)), money.EUR(0)
	for i, item := range items {
		line, sold := prices[item.SKU]
		if !sold {
			return nil, total, invalid.Field("lines", fmt.Sprintf("there is no product %.40q", item.SKU))
		}
		line.Qty = item.Qty
		lines[i] = line
		cost, err := line.UnitPrice.Times(line.Qty)
		if err == nil {
			total, err = total.Add(cost)
		}
		if err != nil {
			return nil, total, invalid.Field("lines", "the total is too large")
		}
	}
	return lines, total, nil
}
