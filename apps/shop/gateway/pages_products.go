package gateway

import (
	"net/http"
	"slices"

	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// productsPerPage is how many products the front page shows before it offers more.
const productsPerPage = 24

// fewLeft is from how many pieces downwards a product says how many are left.
const fewLeft = 5

// shelf says how much of a product there is, in words and for the style sheet.
type shelf struct{ Class, Text string }

// offer is a product as pages show it.
type offer struct {
	inventory.Product
	Shelf shelf
	Most  int64 // how many pieces one order can have
}

type productsData struct {
	Offers []offer
	Next   string
	First  bool
}

func (g *Gateway) productsPage(w http.ResponseWriter, r *http.Request) error {
	part, err := readListPart(r)
	if err != nil {
		return err
	}
	if part.limit == 0 {
		part.limit = productsPerPage
	}
	list, err := g.config.Inventory.ListProducts(r.Context(), inventory.ListProducts{After: part.after, Limit: part.limit})
	if err != nil {
		return err
	}
	data := productsData{Next: list.Next, First: part.after == ""}
	for _, p := range list.Products {
		data.Offers = append(data.Offers, newOffer(p))
	}
	return g.show(w, r, "products.html", page{Title: "Everything we make", Data: data})
}

func (g *Gateway) productPage(w http.ResponseWriter, r *http.Request) error {
	return g.showProduct(w, r, nil)
}

// showProduct shows the product that the path names, with what was wrong with putting it into the cart.
func (g *Gateway) showProduct(w http.ResponseWriter, r *http.Request, fault *problem) error {
	product, err := g.product(r)
	if err != nil {
		return err
	}
	p := page{Title: product.Name, Fault: fault, Data: newOffer(product)}
	if r.URL.Query().Has("added") {
		p.Notice = "Added to your cart."
	}
	return g.show(w, r, "product.html", p)
}

func newOffer(p inventory.Product) offer {
	o := offer{Product: p, Most: min(p.Available, orders.MaxQty)}
	switch {
	case p.Available <= 0:
		o.Shelf = shelf{"none", "Sold out"}
	case p.Available == 1:
		o.Shelf = shelf{"few", "The last one"}
	case p.Available <= fewLeft:
		o.Shelf = shelf{"few", "Only a few left"}
	default:
		o.Shelf = shelf{"many", "In stock"}
	}
	return o
}

// addToCart puts some pieces of a product into the cart, on top of what is there.
func (g *Gateway) addToCart(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	r.SetPathValue("sku", form.Get("sku"))
	product, err := g.product(r)
	if err != nil {
		return err
	}
	qty, err := readQty(form.Get("qty"))
	if err != nil {
		return g.showProduct(w, r, faultIn(err))
	}
	visitor, err := g.visitor(r)
	if err != nil {
		return err
	}
	cart, err := g.cartOf(r, visitor)
	if err != nil {
		return err
	}
	if err := g.keepCart(w, r, visitor, addItem(items(cart.Lines), orders.Item{SKU: product.SKU, Qty: qty})); err != nil {
		if fault := faultIn(err); fault != nil {
			return g.showProduct(w, r, fault)
		}
		return err
	}
	http.Redirect(w, r, "/products/"+product.SKU+"?added", http.StatusSeeOther)
	return nil
}

func addItem(lines []orders.Item, item orders.Item) []orders.Item {
	i := slices.IndexFunc(lines, func(l orders.Item) bool { return l.SKU == item.SKU })
	if i < 0 {
		return append(lines, item)
	}
	lines[i].Qty = min(lines[i].Qty+item.Qty, orders.MaxQty)
	return lines
}
