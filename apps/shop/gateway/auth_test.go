package gateway

import (
	"net/http"
	"strings"
	"testing"

	identity "github.com/headrace/headrace/apps/shop/identity/contract"
)

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	s := newShop()
	g := newGateway(t, s)
	order := s.place(t)
	for _, r := range g.apiRoutes() {
		method, path, _ := strings.Cut(r.pattern, " ")
		path = strings.NewReplacer("{id}", order.OrderID, "{sku}", "bowl").Replace(path)
		open := path == "/healthz" || path == "/readyz" || path == "/openapi.json" || strings.HasPrefix(path, "/api/v1/products") ||
			path == "/api/v1/auth/register" || path == "/api/v1/auth/login"
		if open {
			continue
		}
		for _, token := range []string{"", "nobody", strings.Repeat("x", 513)} {
			c := newClient(t, g).as(token)
			c.json(method, path, "{}")
			if token == "" || path != "/api/v1/auth/logout" { // a logout of a session that has ended is no error
				c.wantProblem(401, "unauthenticated")
			}
			if !strings.HasPrefix(c.answer.Header().Get("WWW-Authenticate"), "Bearer") && c.answer.Code == 401 {
				t.Errorf("%s: no WWW-Authenticate", r.pattern)
			}
		}
		if strings.HasPrefix(path, "/api/v1/admin/") {
			c := newClient(t, g).as("ann")
			c.json(method, path, "{}")
			c.wantProblem(403, "forbidden")
		}
		if path != "/api/v1/orders/"+order.OrderID+"/events" {
			c := newClient(t, g).signedIn("ann")
			c.json(method, path, "{}")
			c.wantProblem(401, "unauthenticated") // the pages' cookie opens no API
		}
	}
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	s := newShop()
	order := s.place(t)
	c := newClient(t, newGateway(t, s)).as("root")
	c.get("/api/v1/admin/orders?status=placed")
	c.want(200, order.OrderID)
	c.get("/api/v1/admin/orders?status=shipped")
	c.want(200, `"orders":[]`)
	c.json("POST", "/api/v1/admin/products/bowl/stock", `{"delta":5,"reason":"found"}`)
	c.want(200, `{"sku":"bowl","on_hand":5,"reserved":0,"shipped":0}`)
	c.json("PUT", "/api/v1/admin/products/bowl/price", `{"amount":99,"currency":"EUR"}`)
	c.want(200, `"price":{"amount":99,"currency":"EUR"}`)
}

func TestNobodyIsNotEverybody(t *testing.T) {
	t.Parallel()
	s := newShop()
	order := s.place(t)
	s.users["ghost"] = identity.Profile{Role: identity.RoleCustomer}
	c := newClient(t, newGateway(t, s)).as("ghost")
	c.get("/api/v1/orders/" + order.OrderID)
	c.wantProblem(500, "internal")
	c.get("/api/v1/orders")
	c.wantProblem(500, "internal")
}

func TestCookie(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		c := newClient(t, newGateway(t, newShop(), func(c *Config) { c.Secure = secure }))
		c.form("/login", "email", "ann@shop.test", "password", "right", "next", "/orders")
		c.wantRedirect("/orders")
		cookie := c.answer.Result().Cookies()[0]
		if cookie.Value != "ann" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Secure != secure ||
			strings.HasPrefix(cookie.Name, "__Host-") != secure {
			t.Errorf("secure %v: cookie is %+v", secure, cookie)
		}
		if !cookie.Expires.Equal(epoch.Add(3600e9)) {
			t.Errorf("cookie expires at %s", cookie.Expires)
		}
		c.get("/orders")
		c.want(200, "Your orders")
		c.form("/logout")
		c.wantRedirect("/")
		if len(c.cookies) != 0 {
			t.Errorf("cookies after signing out: %v", c.cookies)
		}
		c.get("/orders")
		c.wantRedirect("/login?next=%2Forders")
	}
}

func TestSessionThatEndedIsAGuest(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop())).signedIn("long ago")
	c.get("/")
	c.want(200, "Sign in")
}

func TestLoginLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/cart": "/cart", "/?after=cup": "/?after=cup", "": "/", "https://elsewhere.test/": "/", "//elsewhere.test": "/", "///elsewhere.test": "/", "/\\elsewhere.test": "/", "/\t/elsewhere.test": "/",
		"cart": "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x=y": "/",
	} {
		c := newClient(t, newGateway(t, newShop()))
		c.form("/login", "email", "ann@shop.test", "password", "right", "next", next)
		c.wantRedirect(want)
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop()))
	c.json("POST", "/api/v1/auth/login", `{"email":"ann@shop.test","password":"wrong"}`)
	c.wantProblem(401, "wrong_credentials")
	c.form("/login", "email", "ann@shop.test", "password", "wrong")
	c.want(401, "Email or password is wrong.", `value="ann@shop.test"`)
	c.wantNot(`value="wrong"`)
}
