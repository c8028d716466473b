package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

func (g *Gateway) cartPage(w http.ResponseWriter, r *http.Request) error {
	return g.showCart(w, r, nil)
}

func (g *Gateway) showCart(w http.ResponseWriter, r *http.Request, fault *problem) error {
	visitor, err := g.visitor(r)
	if err != nil {
		return err
	}
	cart, err := g.cartOf(r, visitor)
	if err != nil {
		return err
	}
	return g.showTo(w, r, visitor, "cart.html", page{Title: "Your cart", Fault: fault, Data: cart})
}

// changeCart takes the quantities that the form shows, without the line whose button Remove was pressed, and goes on to the checkout when
// that was asked for.
func (g *Gateway) changeCart(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	visitor, err := g.visitor(r)
	if err != nil {
		return err
	}
	lines, err := readLines(form)
	if err != nil {
		return g.showCart(w, r, faultIn(err))
	}
	lines = slices.DeleteFunc(lines, func(l orders.Item) bool { return l.Qty == 0 || l.SKU == form.Get("remove") })
	if err := g.keepCart(w, r, visitor, lines); err != nil {
		if fault := faultIn(err); fault != nil {
			return g.showCart(w, r, fault)
		}
		return err
	}
	next := "/cart"
	if form.Get("then") == "checkout" && len(lines) > 0 {
		next = "/checkout"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// readLines reads the fields sku and qty, which come in pairs. A quantity of 0 takes the line away.
func readLines(form url.Values) ([]orders.Item, error) {
	skus, quantities := form["sku"], form["qty"]
	if len(skus) != len(quantities) || len(skus) > orders.MaxLines {
		return nil, refuse(http.StatusBadRequest, "invalid_field", "the form has %d products and %d quantities; at most %d of each, as many as the other",
			len(skus), len(quantities), orders.MaxLines)
	}
	var lines []orders.Item
	for i, sku := range skus {
		if quantities[i] == "0" {
			lines = append(lines, orders.Item{SKU: sku})
			continue
		}
		qty, err := readQty(quantities[i])
		if err != nil {
			return nil, err
		}
		lines = append(lines, orders.Item{SKU: sku, Qty: qty})
	}
	return lines, nil
}

func readQty(text string) (int64, error) {
	qty, err := strconv.ParseInt(text, 10, 64)
	if err != nil || qty < 1 || qty > orders.MaxQty {
		return 0, refuse(http.StatusUnprocessableEntity, "invalid_field", "the quantity is %q; it must be a whole number from 1 to %d",
			shorten(text, 20), orders.MaxQty).at("qty")
	}
	return qty, nil
}

func items(lines []orders.Line) []orders.Item {
	list := make([]orders.Item, len(lines))
	for i, l := range lines {
		list[i] = orders.Item{SKU: l.SKU, Qty: l.Qty}
	}
	return list
}
