package gateway

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"

	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// card is a test card: no money moves in this shop.
type card struct {
	Token string
	Name  string
	Does  string
}

func cards() []card {
	return []card{
		{"4242", "Card ending in 4242", "pays at once."},
		{"0119", "Card ending in 0119", "pays, but the bank takes two seconds to say so."},
		{"0002", "Card ending in 0002", "is declined: the order is cancelled and everything is given back."},
		{"0341", "Card ending in 0341", "is authorised, and then fails when we want the money: the order waits for a person."},
	}
}

type checkoutData struct {
	Cart  orders.Cart
	Cards []card
	Card  string // the one that is chosen
	Key   string // the same for every time this very page is sent, so a double click is one order
}

func (g *Gateway) checkoutPage(w http.ResponseWriter, r *http.Request, s *session) error {
	return g.showCheckout(w, r, s, checkoutData{Key: rand.Text()}, nil)
}

func (g *Gateway) showCheckout(w http.ResponseWriter, r *http.Request, s *session, data checkoutData, fault *problem) error {
	cart, err := g.cartOf(r, s)
	if err != nil {
		return err
	}
	if len(cart.Lines) == 0 && fault == nil {
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return nil
	}
	data.Cart, data.Cards = cart, cards()
	if !slices.ContainsFunc(data.Cards, func(c card) bool { return c.Token == data.Card }) {
		data.Card = data.Cards[0].Token
	}
	return g.showTo(w, r, s, "checkout.html", page{Title: "Checkout", Fault: fault, Script: true, Data: data})
}

// checkout places the order that the page showed, which the form holds: the cart may have changed in another window since.
func (g *Gateway) checkout(w http.ResponseWriter, r *http.Request, s *session) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	data := checkoutData{Key: form.Get("key"), Card: form.Get("card")}
	q, err := readCheckout(form, s)
	if err != nil {
		return err
	}
	placed, err := g.config.Orders.PlaceOrder(r.Context(), q)
	if fault := faultIn(err); fault != nil {
		if fault.Code == "idempotency_conflict" {
			data.Key = rand.Text()
			fault = refuse(fault.Status, fault.Code, "This page was used for an order before; you find that one under Orders. What you see now would be a new order.")
		}
		return g.showCheckout(w, r, s, data, fault)
	}
	if err != nil {
		return err
	}
	if !placed.Repeated {
		g.takeFromCart(r, s, q.Lines)
	}
	http.Redirect(w, r, "/orders/"+placed.OrderID, http.StatusSeeOther)
	return nil
}

func readCheckout(form url.Values, s *session) (orders.PlaceOrder, error) {
	key, err := checkKey(form.Get("key"))
	if err != nil {
		return orders.PlaceOrder{}, err
	}
	lines, err := readLines(form)
	if err != nil {
		return orders.PlaceOrder{}, err
	}
	return orders.PlaceOrder{UserID: s.UserID, IdempotencyKey: key, Lines: lines, PaymentToken: form.Get("card")}, nil
}

// takeFromCart takes out what was ordered and leaves what another window has put in since. The order stands whether this works or not.
func (g *Gateway) takeFromCart(r *http.Request, s *session, ordered []orders.Item) {
	cart, err := g.cartOf(r, s)
	if err == nil {
		_, err = g.config.Orders.PutCart(r.Context(), orders.PutCart{UserID: s.UserID, Lines: without(items(cart.Lines), ordered)})
	}
	if err != nil {
		g.log.WarnContext(r.Context(), "cart not emptied after an order", "error", err)
	}
}

func without(lines, ordered []orders.Item) []orders.Item {
	for _, item := range ordered {
		for i := range lines {
			if lines[i].SKU == item.SKU {
				lines[i].Qty -= item.Qty
			}
		}
	}
	return slices.DeleteFunc(lines, func(l orders.Item) bool { return l.Qty <= 0 })
}
