package load

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
)

type product struct {
	SKU       string `json:"sku"`
	Available int64  `json:"available"`
}

type line struct {
	SKU string `json:"sku"`
	Qty int    `json:"qty"`
}

// placedOrder is what the shop answers to an order, and how often it had to be asked.
type placedOrder struct {
	OrderID  string `json:"order_id"`
	Repeated bool   `json:"repeated"`
	failures []error
}

// products returns the catalogue, what there is most of first: that is what buyers will want.
func (c *client) products(ctx context.Context) ([]product, error) {
	var all []product
	for after := ""; ; {
		var page struct {
			Products []product `json:"products"`
			Next     string    `json:"next"`
		}
		q := request{method: http.MethodGet, path: "/api/v1/products" + query("after", after), answer: &page}
		if err := c.insist(ctx, q, func(error) {}); err != nil {
			return nil, err
		}
		all = append(all, page.Products...)
		if after = page.Next; after == "" {
			break
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there are no products")
	}
	slices.SortStableFunc(all, func(a, b product) int { return cmp.Compare(b.Available, a.Available) })
	return all, nil
}

func (c *client) place(ctx context.Context, token string, w wish) (placedOrder, error) {
	var placed placedOrder
	body := map[string]any{"lines": w.lines, "payment_token": w.token}
	q := request{method: http.MethodPost, path: "/api/v1/orders", token: token, key: w.key, body: body, answer: &placed}
	err := c.insist(ctx, q, func(err error) { placed.failures = append(placed.failures, err) })
	return placed, err
}

func (c *client) cancel(ctx context.Context, token, orderID string) error {
	q := request{method: http.MethodPost, path: "/api/v1/orders/" + orderID + "/cancel", token: token, key: newKey(), body: map[string]any{"reason": "changed my mind"}}
	return c.ask(ctx, q)
}

func (c *client) status(ctx context.Context, token, orderID string) (string, error) {
	var order struct {
		Status string `json:"status"`
	}
	err := c.ask(ctx, request{method: http.MethodGet, path: "/api/v1/orders/" + orderID, token: token, answer: &order})
	return order.Status, err
}
