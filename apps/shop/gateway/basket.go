package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// A guest's cart is kept in the guest's browser as "SKU*QTY~SKU*QTY" and becomes part of the user's cart at
// the moment of signing in. It holds nothing secret: whoever changes it changes a wish list.
const (
	guestCookie   = "shop_cart"
	guestLines    = 20
	guestLine     = "*"
	guestSplit    = "~"
	guestLifetime = 30 * 24 * 3600 // seconds
)

// cartOf is the cart of whoever is looking, guest or not.
func (g *Gateway) cartOf(r *http.Request, visitor *session) (orders.Cart, error) {
	if visitor != nil {
		return g.config.Orders.GetCart(r.Context(), orders.GetCart{UserID: visitor.UserID})
	}
	return g.priced(r.Context(), guestItems(r))
}

// keepCart replaces the cart of whoever is looking.
func (g *Gateway) keepCart(w http.ResponseWriter, r *http.Request, visitor *session, lines []orders.Item) error {
	if visitor != nil {
		_, err := g.config.Orders.PutCart(r.Context(), orders.PutCart{UserID: visitor.UserID, Lines: lines})
		return err
	}
	if len(lines) > guestLines {
		return refuse(http.StatusUnprocessableEntity, "invalid_field", "the cart is full: at most %d products before you sign in", guestLines).at("lines")
	}
	g.setGuestItems(w, lines)
	return nil
}

// adopt puts what somebody collected as a guest into that user's cart. What does not fit there any more stays behind.
func (g *Gateway) adopt(w http.ResponseWriter, r *http.Request, userID string) error {
	collected := guestItems(r)
	if len(collected) == 0 {
		return nil
	}
	cart, err := g.config.Orders.GetCart(r.Context(), orders.GetCart{UserID: userID})
	if err != nil {
		return err
	}
	lines := items(cart.Lines)
	for _, item := range collected {
		lines = addItem(lines, item)
	}
	lines = lines[:min(len(lines), orders.MaxLines)]
	if _, err := g.config.Orders.PutCart(r.Context(), orders.PutCart{UserID: userID, Lines: lines}); faultIn(err) == nil && err != nil {
		return err
	}
	g.setGuestItems(w, nil)
	return nil
}

// priced looks up what a guest's cart costs. Products that there are no more are left out.
func (g *Gateway) priced(ctx context.Context, wanted []orders.Item) (orders.Cart, error) {
	var cart orders.Cart
	for _, item := range wanted {
		product, err := g.config.Inventory.GetProduct(ctx, inventory.GetProduct{SKU: item.SKU})
		if errors.Is(err, inventory.ErrNotFound) {
			continue
		}
		if err != nil {
			return orders.Cart{}, err
		}
		cost, err := product.Price.Times(item.Qty)
		if err != nil {
			return orders.Cart{}, err
		}
		if cart.Total, err = cart.Total.Add(cost); err != nil {
			return orders.Cart{}, err
		}
		cart.Lines = append(cart.Lines, orders.Line{SKU: item.SKU, Name: product.Name, Qty: item.Qty, UnitPrice: product.Price})
	}
	return cart, nil
}

// guestItems reads a guest's cart. What is no cart is an empty one.
func guestItems(r *http.Request) []orders.Item {
	cookie, err := r.Cookie(guestCookie)
	if err != nil || cookie.Value == "" {
		return nil
	}
	var lines []orders.Item
	for line := range strings.SplitSeq(cookie.Value, guestSplit) {
		sku, count, _ := strings.Cut(line, guestLine)
		qty, err := strconv.ParseInt(count, 10, 64)
		if err != nil || qty < 1 || qty > orders.MaxQty || !validID(sku) || len(lines) == guestLines {
			return nil
		}
		lines = append(lines, orders.Item{SKU: sku, Qty: qty})
	}
	return lines
}

func (g *Gateway) setGuestItems(w http.ResponseWriter, lines []orders.Item) {
	cookie := http.Cookie{
		Name: guestCookie, Path: "/", MaxAge: guestLifetime,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: g.config.Secure,
	}
	words := make([]string, len(lines))
	for i, l := range lines {
		words[i] = fmt.Sprint(l.SKU, guestLine, l.Qty)
	}
	cookie.Value = strings.Join(words, guestSplit)
	if len(lines) == 0 {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, &cookie)
}
