package gateway

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	notifications "github.com/headrace/headrace/apps/shop/notifications/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

func TestPages(t *testing.T) {
	t.Parallel()
	s := newShop()
	order := s.place(t)
	s.happen(order, "order.placed", "")
	s.carts["user-ann"] = []orders.Item{{SKU: "cup", Qty: 3}}
	s.mails = []notifications.Mail{{ID: "1", UserID: "user-ann", To: "ann@shop.test", Subject: "Hello Ann", Body: "Dear <Ann>"}}
	g := newGateway(t, s)
	inline := regexp.MustCompile(`(?i)<script>|<style| style=| on[a-z]+=|javascript:`)
	for path, text := range map[string]string{
		"/":                        "Everything we make",
		"/?after=cup":              "Jug",
		"/?limit=1":                `href="/?after=bowl"`,
		"/products/bowl":           "€12.50",
		"/products/cup":            "The last one",
		"/products/jug":            "Sold out",
		"/cart":                    "€24.00",
		"/checkout":                "Place order · €24.00",
		"/orders":                  "Order order-1",
		"/orders/" + order.OrderID: "What has happened",
		"/profile":                 "ann@shop.test",
		"/mails":                   "Hello Ann",
	} {
		c := newClient(t, g).signedIn("ann")
		c.get(path)
		c.want(200, text, `<html lang="en">`, `<main id="main"`, `Cart <span class="count">3`, ">ann</a>")
		if found := inline.FindString(c.body()); found != "" {
			t.Errorf("%s: the page's policy forbids %q", path, found)
		}
		if n := strings.Count(c.body(), "<h1"); n != 1 {
			t.Errorf("%s has %d headings of the first rank", path, n)
		}
		if got := c.answer.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
	}
	guest := newClient(t, g)
	for _, path := range []string{"/", "/products/bowl", "/cart", "/login", "/register"} {
		guest.get(path)
		guest.want(200, ">Sign in</a>")
	}
	for _, path := range []string{"/checkout", "/orders", "/orders/" + order.OrderID, "/profile", "/mails"} {
		guest.get(path)
		guest.wantRedirect("/login?next=" + strings.ReplaceAll(path, "/", "%2F"))
	}
}

func TestEveryFieldHasALabel(t *testing.T) {
	t.Parallel()
	s := newShop()
	s.carts["user-ann"] = []orders.Item{{SKU: "cup", Qty: 3}, {SKU: "bowl", Qty: 1}}
	g := newGateway(t, s)
	field := regexp.MustCompile(`<input [^>]*>`)
	id := regexp.MustCompile(` id="([^"]+)"`)
	for _, c := range []struct{ token, path string }{
		{"ann", "/products/bowl"}, {"ann", "/cart"}, {"ann", "/checkout"}, {"ann", "/profile"}, {"", "/login"}, {"", "/register"},
	} {
		client := newClient(t, g).signedIn(c.token)
		client.get(c.path)
		fields := 0
		for _, input := range field.FindAllString(client.body(), -1) {
			if strings.Contains(input, `type="hidden"`) || strings.Contains(input, `type="radio"`) { // a choice stands inside its label
				continue
			}
			fields++
			match := id.FindStringSubmatch(input)
			if match == nil || !strings.Contains(client.body(), `for="`+match[1]+`"`) {
				t.Errorf("%s: no label for %s", c.path, input)
			}
		}
		if fields == 0 && c.path != "/checkout" {
			t.Errorf("%s has no field", c.path)
		}
	}
}

func TestWhatPeopleWriteIsText(t *testing.T) {
	t.Parallel()
	s := newShop()
	g := newGateway(t, s)
	c := newClient(t, g).signedIn("ann")
	c.get("/products/cup")
	c.want(200, "Cup &lt;b&gt;")
	c.wantNot("Cup <b>")
	const evil = `"><script>alert(1)</script>`
	c.form("/profile", "display_name", evil)
	c.wantRedirect("/profile?saved")
	c.get("/profile?saved")
	c.want(200, "Saved.")
	c.wantNot("<script>alert")
	guest := newClient(t, g)
	guest.form("/login", "email", evil, "password", "wrong", "next", evil)
	guest.want(401)
	guest.wantNot("<script>alert")
	guest.get("/" + evil)
	guest.wantNot("<script>alert")
}

func TestBuyWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s))
	c.form("/cart/lines", "sku", "bowl", "qty", "2")
	c.wantRedirect("/products/bowl?added")
	c.get("/products/bowl?added")
	c.want(200, "Added to your cart.", `<span class="count">2`)
	c.form("/cart/lines", "sku", "cup", "qty", "1")
	c.form("/cart", "sku", "bowl", "qty", "3", "sku", "cup", "qty", "1", "remove", "cup")
	c.wantRedirect("/cart")
	c.get("/cart")
	c.want(200, "€37.50")
	c.wantNot("Cup")
	if first := regexp.MustCompile(`<button[^>]*>`).FindString(c.body()); strings.Contains(first, "remove") {
		t.Errorf("the key Enter presses %s", first)
	}
	c.form("/cart", "sku", "bowl", "qty", "3", "then", "checkout")
	c.wantRedirect("/checkout")
	c.get("/checkout")
	c.wantRedirect("/login?next=%2Fcheckout")
	c.form("/register", "display_name", "Eve", "email", "eve@shop.test", "password", "long enough", "next", "/checkout")
	c.wantRedirect("/checkout")
	if c.cookies[guestCookie] != "" {
		t.Error("the guest's cart is still in the browser")
	}
	c.get("/checkout")
	c.want(200, "Place order · €37.50", "4242", "0002", "0119", "0341")
	form := checkoutForm(t, c.body(), "0002")
	for range 2 { // a double click
		c.form("/checkout", form...)
		c.wantRedirect("/orders/order-1")
	}
	if len(s.orders) != 1 || s.called("PlaceOrder") != 2 {
		t.Errorf("%d orders by %d calls", len(s.orders), s.called("PlaceOrder"))
	}
	c.get("/orders/order-1")
	c.want(200, `<noscript><meta http-equiv="refresh" content="3"></noscript>`, "€37.50", "Cancel this order")
	c.form("/orders/order-1/cancel")
	c.wantRedirect("/orders/order-1")
	c.get("/orders/order-1")
	c.want(200, "It is being cancelled")
	c.get("/cart")
	c.want(200, "It is empty.")
}

// checkoutForm is what a browser sends when Place order is pressed.
func checkoutForm(t *testing.T, body, card string) (pairs []string) {
	t.Helper()
	for _, field := range regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`).FindAllStringSubmatch(body, -1) {
		pairs = append(pairs, field[1], field[2])
	}
	if !slices.Contains(pairs, "key") {
		t.Fatalf("the form has no key:\n%s", body)
	}
	return append(pairs, "card", card)
}

func TestCheckoutIsWhatThePageShowed(t *testing.T) {
	t.Parallel()
	s := newShop()
	s.carts["user-ann"] = []orders.Item{{SKU: "bowl", Qty: 2}}
	c := newClient(t, newGateway(t, s)).signedIn("ann")
	c.get("/checkout")
	form := checkoutForm(t, c.body(), "4242")
	s.carts["user-ann"] = []orders.Item{{SKU: "bowl", Qty: 2}, {SKU: "cup", Qty: 1}} // from another window
	c.form("/checkout", form...)
	c.wantRedirect("/orders/order-1")
	if lines := s.orders["order-1"].Lines; len(lines) != 1 || lines[0].SKU != "bowl" {
		t.Errorf("the order has %v, want the two bowls that the page showed", lines)
	}
	if cart := s.carts["user-ann"]; !slices.Equal(cart, []orders.Item{{SKU: "cup", Qty: 1}}) {
		t.Errorf("the cart has %v, want the cup that was put in since", cart)
	}
	form[slices.Index(form, "2")] = "3" // the same page with other lines
	c.form("/checkout", form...)
	c.want(409, "This page was used for an order before")
	if len(s.orders) != 1 {
		t.Errorf("%d orders", len(s.orders))
	}
}

func TestCartRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	s := newShop()
	g := newGateway(t, s)
	for _, c := range []*client{newClient(t, g), newClient(t, g).signedIn("ann")} {
		for _, qty := range []string{"0", "-1", "100", "1.5", "", "many"} {
			c.form("/cart/lines", "sku", "bowl", "qty", qty)
			c.want(422, "it must be a whole number from 1 to 99")
		}
		c.form("/cart/lines", "sku", "boat", "qty", "1")
		c.want(404, "There is no product")
		c.form("/cart", "sku", "bowl", "qty", "100")
		c.want(422, "it must be a whole number from 1 to 99")
		c.form("/cart", "sku", "bowl")
		c.want(400)
		c.form("/cart/lines", "sku", "bowl", "qty", "99")
		c.form("/cart/lines", "sku", "bowl", "qty", "99")
		c.wantRedirect("/products/bowl?added")
		c.get("/cart")
		c.want(200, `value="99"`)
	}
}

func TestGuestCartIsKeptInACookie(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		c := newClient(t, newGateway(t, newShop(), func(c *Config) { c.Secure = secure }))
		c.form("/cart/lines", "sku", "bowl", "qty", "2")
		cookie := c.answer.Result().Cookies()[0]
		if cookie.Value != "bowl*2" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure != secure || cookie.MaxAge <= 0 {
			t.Errorf("secure %v: cookie is %+v", secure, cookie)
		}
	}
}

func TestGuestCartThatWasChangedByHand(t *testing.T) {
	t.Parallel()
	g := newGateway(t, newShop())
	for _, value := range []string{"x", "bowl*", "bowl*0", "bowl*100", "bo wl*1", "*1", "bowl*1~", strings.Repeat("bowl*1~", 30) + "bowl*1"} {
		c := newClient(t, g)
		c.cookies[guestCookie] = value
		c.get("/cart")
		c.want(200, "It is empty.")
	}
	c := newClient(t, g)
	c.cookies[guestCookie] = "boat*1~bowl*2"
	c.get("/cart")
	c.want(200, "€25.00")
	c.wantNot("boat")
}

func TestOrderPageTellsItsStatus(t *testing.T) {
	t.Parallel()
	for status, text := range map[orders.Status]string{
		orders.StatusPlaced:         `<li class="now" aria-current="step">Placed</li>`,
		orders.StatusConfirmed:      `<li class="now" aria-current="step">Confirmed</li>`,
		orders.StatusShipped:        `<li class="done">Confirmed<span`,
		orders.StatusFulfilled:      `<li class="done">Delivered<span`,
		orders.StatusCancelled:      "This order was cancelled: out of stock.",
		orders.StatusNeedsAttention: "This order waits for a person: out of stock.",
	} {
		s := newShop()
		order := s.place(t)
		s.happen(order, "order.placed", status)
		if ended(status) {
			o := s.orders[order.OrderID]
			o.Reason, o.Cancellable = "out_of_stock", false
			s.orders[order.OrderID] = o
		}
		s.now = s.now.Add(43 * time.Second)
		c := newClient(t, newGateway(t, s)).signedIn("ann")
		c.get("/orders/" + order.OrderID)
		c.want(200, text, `<span class="status `+string(status)+`">`+statusText(status), "order.placed v1")
		if live := strings.Contains(c.body(), "data-events"); live == ended(status) {
			t.Errorf("%s: the page follows live: %v", status, live)
		}
		if reload := strings.Contains(c.body(), "http-equiv"); reload == ended(status) {
			t.Errorf("%s: the page loads itself again: %v", status, reload)
		}
	}
}

func TestMailsAreTheReaders(t *testing.T) {
	t.Parallel()
	s := newShop()
	s.mails = []notifications.Mail{{ID: "1", UserID: "user-ann", Subject: "To Ann"}, {ID: "2", UserID: "user-bob", Subject: "To Bob"}}
	c := newClient(t, newGateway(t, s)).signedIn("ann")
	c.get("/mails")
	c.want(200, "To Ann")
	c.wantNot("To Bob")
	all := newClient(t, newGateway(t, s, func(c *Config) { c.AllMails = true })).signedIn("ann")
	for _, c := range []*client{all, c.signedIn("root")} {
		c.get("/mails")
		c.want(200, "To Ann", "To Bob")
	}
}
