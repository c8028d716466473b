package gateway

import (
	"net/http"

	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
)

func (g *Gateway) listProducts(w http.ResponseWriter, r *http.Request) error {
	part, err := readListPart(r)
	if err != nil {
		return err
	}
	page, err := g.config.Inventory.ListProducts(r.Context(), inventory.ListProducts{After: part.after, Limit: part.limit})
	if err != nil {
		return err
	}
	page.Products = listed(page.Products)
	return writeJSON(w, http.StatusOK, page)
}

func (g *Gateway) getProduct(w http.ResponseWriter, r *http.Request) error {
	product, err := g.product(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, product)
}

// product is the one that the path names.
func (g *Gateway) product(r *http.Request) (inventory.Product, error) {
	sku := r.PathValue("sku")
	if !validID(sku) {
		return inventory.Product{}, noProduct(sku)
	}
	product, err := g.config.Inventory.GetProduct(r.Context(), inventory.GetProduct{SKU: sku})
	return product, naming(err, inventory.ErrNotFound, noProduct(sku))
}

func noProduct(sku string) *problem {
	return refuse(http.StatusNotFound, "product_not_found", "there is no product %q", shorten(sku, maxID)).at("sku")
}
