package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headrace/headrace"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

const oneBowl = `{"lines":[{"sku":"bowl","qty":1}],"payment_token":"4242"}`

func TestBuyByAPI(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop()))
	c.json("POST", "/api/v1/auth/register", `{"email":"eve@shop.test","password":"long enough","display_name":"Eve"}`)
	c.want(201, `{"user_id":"user-eve@shop.test"}`)
	c.json("POST", "/api/v1/auth/login", `{"email":"eve@shop.test","password":"long enough"}`)
	c.want(200, `"token":"token-eve@shop.test"`, `"expires_at":"2026-03-01T13:00:00Z"`)
	c = c.as("token-eve@shop.test")
	c.json("POST", "/api/v1/orders", oneBowl)
	c.want(202, `"order_id":"order-1"`)
	if got := c.answer.Header().Get("Location"); got != "/api/v1/orders/order-1" {
		t.Errorf("Location is %q", got)
	}
	c.get("/api/v1/orders/order-1")
	c.want(200, `"status":"placed"`, `"total":{"amount":1250,"currency":"EUR"}`, `"sku":"bowl"`)
	c.get("/api/v1/orders")
	c.want(200, `"order_id":"order-1"`, `"next":""`)
	c.get("/api/v1/orders/order-1/timeline")
	c.want(200, `{"events":[]}`)
	c.send("POST", "/api/v1/orders/order-1/cancel", "", "")
	c.want(202, `"order_id":"order-1"`)
	c.send("POST", "/api/v1/auth/logout", "", "")
	c.want(204)
	c.get("/api/v1/me")
	c.wantProblem(401, "unauthenticated")
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s)).as("ann")
	c.header["Idempotency-Key"] = "key 1"
	c.json("POST", "/api/v1/orders", oneBowl)
	c.want(202, `"order_id":"order-1"`, `"repeated":false`)
	c.json("POST", "/api/v1/orders", oneBowl)
	c.want(202, `"order_id":"order-1"`, `"repeated":true`)
	c.json("POST", "/api/v1/orders", strings.Replace(oneBowl, `"qty":1`, `"qty":2`, 1))
	c.wantProblem(409, "idempotency_conflict")
	bob := c.as("bob")
	bob.header["Idempotency-Key"] = "key 1"
	bob.json("POST", "/api/v1/orders", oneBowl)
	bob.want(202, `"order_id":"order-2"`)
	for _, bad := range []string{"", strings.Repeat("k", 201), "tab\there"} {
		c.header["Idempotency-Key"] = bad
		for _, write := range []struct{ method, path, body string }{
			{"POST", "/api/v1/orders", oneBowl},
			{"PUT", "/api/v1/cart", `{"lines":[]}`},
			{"POST", "/api/v1/orders/order-1/cancel", `{}`},
			{"PATCH", "/api/v1/me", `{"display_name":"Ann"}`},
			{"POST", "/api/v1/auth/logout", ""},
		} {
			c.json(write.method, write.path, write.body)
			c.wantProblem(400, "invalid_idempotency_key")
		}
	}
	delete(c.header, "Idempotency-Key")
	for range 2 {
		c.json("POST", "/api/v1/orders", oneBowl)
		c.want(202, `"repeated":false`)
	}
	if n := len(s.orders); n != 4 {
		t.Errorf("%d orders, want 4", n)
	}
}

func TestOnlyTheBuyerSeesAnOrder(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s))
	order := s.place(t)
	base := "/api/v1/orders/" + order.OrderID
	for _, who := range []struct {
		token  string
		status int
	}{{"ann", 200}, {"bob", 404}, {"root", 200}} {
		c := c.as(who.token)
		for _, path := range []string{base, base + "/timeline"} {
			if c.get(path); c.answer.Code != who.status {
				t.Errorf("%s gets %d for %s, want %d", who.token, c.answer.Code, path, who.status)
			}
		}
	}
	bob := c.as("bob")
	for _, answer := range []func(){
		func() { bob.get(base) },
		func() { bob.get(base + "/timeline") },
		func() { bob.get(base + "/events") },
		func() { bob.json("POST", base+"/cancel", `{}`) },
	} {
		answer()
		p := bob.wantProblem(404, "order_not_found")
		if p.Detail != fmt.Sprintf("there is no order %q", order.OrderID) {
			t.Errorf("somebody else's order is told as %q", p.Detail)
		}
	}
	if s.orders[order.OrderID].Cancelling {
		t.Error("somebody else has cancelled the order")
	}
	bob.get("/api/v1/orders")
	bob.want(200, `"orders":[]`)
	page := c.signedIn("bob")
	page.get("/orders/" + order.OrderID)
	page.want(404)
	page.form("/orders/" + order.OrderID + "/cancel")
	page.want(404)
}

func TestIDsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s)).as("root")
	long := strings.Repeat("x", 65)
	for _, id := range []string{"%20", "a%2fb", "%00", long, "'"} {
		for _, path := range []string{"/api/v1/orders/%s", "/api/v1/orders/%s/timeline", "/api/v1/orders/%s/events"} {
			c.get(fmt.Sprintf(path, id))
			c.wantProblem(404, "order_not_found")
		}
		c.json("POST", fmt.Sprintf("/api/v1/orders/%s/cancel", id), `{}`)
		c.wantProblem(404, "order_not_found")
		c.get("/api/v1/products/" + id)
		c.wantProblem(404, "product_not_found")
		c.json("POST", fmt.Sprintf("/api/v1/admin/products/%s/stock", id), `{"delta":1,"reason":"found"}`)
		c.wantProblem(404, "product_not_found")
		c.json("PUT", fmt.Sprintf("/api/v1/admin/products/%s/price", id), `{"amount":1,"currency":"EUR"}`)
		c.wantProblem(404, "product_not_found")
	}
	for _, method := range []string{"GetOrder", "CancelOrder", "GetProduct", "AdjustStock", "ChangePrice"} {
		if n := s.called(method); n > 0 {
			t.Errorf("%s was called %d times with an id that cannot be", method, n)
		}
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop())).as("ann")
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=101": "limit", "limit=ten": "limit", "limit=": "limit", "limit=-1": "limit",
		"after=" + strings.Repeat("x", 201): "after", "status=lost": "status",
	} {
		c.get("/api/v1/orders?" + query)
		if p := c.wantProblem(400, "invalid_parameter"); p.Field != field {
			t.Errorf("%s: field %q, want %q", query, p.Field, field)
		}
	}
	c.get("/api/v1/products?limit=2")
	c.want(200, `"sku":"bowl"`, `"sku":"cup"`, `"next":"cup"`)
	c.wantNot(`"jug"`)
	c.get("/api/v1/products?after=cup")
	c.want(200, `"sku":"jug"`, `"next":""`)
	c.wantNot(`"bowl"`)
}

func TestCancelTooLate(t *testing.T) {
	t.Parallel()
	s := newShop()
	order := s.place(t)
	order.Cancellable = false
	s.orders[order.OrderID] = order
	g := newGateway(t, s)
	c := newClient(t, g).as("ann")
	c.json("POST", "/api/v1/orders/"+order.OrderID+"/cancel", `{"reason":"too dear"}`)
	c.wantProblem(409, "too_late")
	c.json("POST", "/api/v1/orders/"+order.OrderID+"/cancel", `{"reason":"`+strings.Repeat("x", 501)+`"}`)
	c.wantProblem(422, "invalid_field")
	page := c.signedIn("ann")
	page.form("/orders/" + order.OrderID + "/cancel")
	page.want(409, "The order can no longer be cancelled.", "What has happened")
}

func TestErrorsOfServices(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s)).as("ann")
	for _, test := range []struct {
		err    error
		status int
		code   string
		retry  string
	}{
		{headrace.ErrUnknownOutcome, 503, "unknown_outcome", "1"},
		{headrace.ErrConflict, 503, "busy", "1"},
		{orders.ErrConflict, 409, "idempotency_conflict", ""},
	} {
		s.fail["PlaceOrder"] = fmt.Errorf("place order: %w", test.err)
		c.json("POST", "/api/v1/orders", oneBowl)
		c.wantProblem(test.status, test.code)
		if got := c.answer.Header().Get("Retry-After"); got != test.retry {
			t.Errorf("%s: Retry-After is %q, want %q", test.code, got, test.retry)
		}
	}
	c.json("POST", "/api/v1/auth/register", `{"email":"ann@shop.test","password":"long enough","display_name":"Ann"}`)
	c.wantProblem(409, "email_taken")
	c.json("POST", "/api/v1/auth/register", `{"email":"new@shop.test","password":"short","display_name":"New"}`)
	if p := c.wantProblem(422, "invalid_field"); p.Field != "password" {
		t.Errorf("field is %q", p.Field)
	}
}
