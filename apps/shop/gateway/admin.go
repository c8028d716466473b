package gateway

import (
	"net/http"

	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/money"
)

type stockRequest struct {
	Delta  int64  `json:"delta"`
	Reason string `json:"reason"`
}

func (g *Gateway) listAllOrders(w http.ResponseWriter, r *http.Request, _ *session) error {
	return g.writeOrders(w, r, "")
}

// adjustStock adds to what is there, so a client that may send twice needs an Idempotency-Key.
func (g *Gateway) adjustStock(w http.ResponseWriter, r *http.Request, _ *session) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	q, err := readJSON[stockRequest](w, r)
	if err != nil {
		return err
	}
	sku := r.PathValue("sku")
	if !validID(sku) {
		return noProduct(sku)
	}
	stock, err := g.config.Inventory.AdjustStock(r.Context(), inventory.AdjustStock{
		SKU: sku, Delta: q.Delta, Reason: q.Reason, IdempotencyKey: key,
	})
	if err != nil {
		return naming(err, inventory.ErrNotFound, noProduct(sku))
	}
	return writeJSON(w, http.StatusOK, stock)
}

func (g *Gateway) changePrice(w http.ResponseWriter, r *http.Request, _ *session) error {
	price, err := readJSON[money.Money](w, r)
	if err != nil {
		return err
	}
	sku := r.PathValue("sku")
	if !validID(sku) {
		return noProduct(sku)
	}
	product, err := g.config.Inventory.ChangePrice(r.Context(), inventory.ChangePrice{SKU: sku, Price: price})
	if err != nil {
		return naming(err, inventory.ErrNotFound, noProduct(sku))
	}
	return writeJSON(w, http.StatusOK, product)
}
