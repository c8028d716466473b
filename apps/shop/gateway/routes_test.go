package gateway

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestUnknownPathAndMethod(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop()))
	c.get("/api/v1/nothing")
	if p := c.wantProblem(404, "no_such_route"); !strings.Contains(p.Detail, "/api/v1/nothing") {
		t.Errorf("the problem does not name the path: %s", p.Detail)
	}
	c.send("DELETE", "/api/v1/orders", "", "")
	c.wantProblem(405, "method_not_allowed")
	if got := c.answer.Header().Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow is %q", got)
	}
	c.get("/nothing/here")
	c.want(404, "<h1>Not Found</h1>", "There is nothing at /nothing/here.")
	c.send("DELETE", "/cart", "", "")
	c.want(405, "<h1>Method Not Allowed</h1>")
	c.send("HEAD", "/api/v1/products", "", "")
	c.want(200)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	ready := false
	c := newClient(t, newGateway(t, newShop(), func(c *Config) { c.Ready = func() bool { return ready } }))
	c.get("/healthz")
	c.want(200, `{"status":"ok"}`)
	c.get("/readyz")
	c.wantProblem(503, "not_ready")
	ready = true
	c.get("/readyz")
	c.want(200, `{"status":"ready"}`)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop()))
	for _, path := range []string{"/", "/api/v1/products", "/static/shop.css", "/nothing"} {
		h := c.get(path).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Strict-Transport-Security": "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: Content-Security-Policy is %q", path, policy)
		}
	}
	c = newClient(t, newGateway(t, newShop(), func(c *Config) { c.Secure = true }))
	if c.get("/").Header().Get("Strict-Transport-Security") == "" {
		t.Error("with HTTPS only, there is no Strict-Transport-Security")
	}
}

func TestFailuresTellNothing(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s))
	s.fail["ListProducts"] = errors.New("secret address of a database")
	c.get("/api/v1/products")
	c.wantProblem(500, "internal")
	c.wantNot("secret")
	c.get("/")
	c.want(500, "<h1>Internal Server Error</h1>")
	c.wantNot("secret")
}

func TestPanicHarmsOneRequestOnly(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s))
	s.during = func(string) { panic("secret") }
	c.get("/api/v1/products")
	c.wantProblem(500, "internal")
	c.wantNot("secret")
	s.during = nil
	c.get("/api/v1/products")
	c.want(200)
}

func TestSlowServiceIsATimeout(t *testing.T) {
	t.Parallel()
	s := newShop()
	g := newGateway(t, s, func(c *Config) { c.Timeout = time.Nanosecond })
	c := newClient(t, g)
	c.get("/api/v1/products")
	c.wantProblem(503, "timeout")
	if c.answer.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", c.answer.Header().Get("Retry-After"))
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s)).signedIn("ann")
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"},
		{"Sec-Fetch-Site": "same-site"},
		{"Origin": "https://elsewhere.test"},
	} {
		c.header = header
		c.form("/logout")
		c.want(403, "page of another site")
		c.json("POST", "/api/v1/auth/login", `{}`)
		c.wantProblem(403, "cross_origin")
		c.get("/") // reading is no harm
		c.want(200)
	}
	if s.called("Logout") != 0 {
		t.Error("another site's page has signed the visitor out")
	}
	c.header = map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://example.com"}
	c.form("/logout")
	c.wantRedirect("/")
	if s.called("Logout") != 1 {
		t.Error("the shop's own page has not signed the visitor out")
	}
}

func TestStaticFilesAreKept(t *testing.T) {
	t.Parallel()
	g := newGateway(t, newShop())
	c := newClient(t, g)
	c.get(g.assets.address("shop.css"))
	c.want(200, "--paper")
	if got := c.answer.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control of a marked file is %q", got)
	}
	c.header["If-None-Match"] = c.answer.Header().Get("ETag")
	c.get("/static/shop.css?v=old")
	c.want(http.StatusNotModified)
	if got := c.answer.Header().Get("Cache-Control"); got != "public, max-age=3600" {
		t.Errorf("Cache-Control of an old address is %q", got)
	}
	for _, path := range []string{"/static/none.css", "/static/..%2fgateway.go", "/pictures/bowl.png", "/pictures/%00.svg"} {
		c.get(path)
		c.want(404)
	}
	c.get("/pictures/bowl.svg")
	c.want(200, "<svg")
	if got := c.answer.Header().Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("Content-Type of a picture is %q", got)
	}
}
