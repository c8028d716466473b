package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// route is one thing the gateway answers.
type route struct {
	pattern string // "METHOD /path" as net/http understands it
	kind    routeKind
	handle  func(w http.ResponseWriter, r *http.Request) error
}

// routeKind says who is at the other end, and so in which form errors are told.
type routeKind int

const (
	forPrograms routeKind = iota // JSON in, JSON out; described in openapi.json
	forPeople                    // pages and what they are made of
	forStreams                   // like forPrograms, and lasts: it limits the time of what it asks by itself
)

func (g *Gateway) routes() []route {
	return append(g.apiRoutes(), g.pageRoutes()...)
}

func (g *Gateway) apiRoutes() []route {
	return []route{
		{"GET /healthz", forPrograms, g.health},
		{"GET /readyz", forPrograms, g.ready},
		{"GET /openapi.json", forPrograms, g.openAPI},

		{"POST /api/v1/auth/register", forPrograms, g.register},
		{"POST /api/v1/auth/login", forPrograms, g.login},
		{"POST /api/v1/auth/logout", forPrograms, g.logout},
		{"GET /api/v1/me", forPrograms, g.asUser(g.getProfile)},
		{"PATCH /api/v1/me", forPrograms, g.asUser(g.updateProfile)},

		{"GET /api/v1/products", forPrograms, g.listProducts},
		{"GET /api/v1/products/{sku}", forPrograms, g.getProduct},

		{"GET /api/v1/cart", forPrograms, g.asUser(g.getCart)},
		{"PUT /api/v1/cart", forPrograms, g.asUser(g.putCart)},
		{"DELETE /api/v1/cart", forPrograms, g.asUser(g.clearCart)},

		{"POST /api/v1/orders", forPrograms, g.asUser(g.placeOrder)},
		{"GET /api/v1/orders", forPrograms, g.asUser(g.listOrders)},
		{"GET /api/v1/orders/{id}", forPrograms, g.asUser(g.getOrder)},
		{"POST /api/v1/orders/{id}/cancel", forPrograms, g.asUser(g.cancelOrder)},
		{"GET /api/v1/orders/{id}/timeline", forPrograms, g.asUser(g.getTimeline)},
		{"GET /api/v1/orders/{id}/events", forStreams, g.asListener(g.streamOrder)},

		{"GET /api/v1/admin/orders", forPrograms, g.asAdmin(g.listAllOrders)},
		{"POST /api/v1/admin/products/{sku}/stock", forPrograms, g.asAdmin(g.adjustStock)},
		{"PUT /api/v1/admin/products/{sku}/price", forPrograms, g.asAdmin(g.changePrice)},
	}
}

func (g *Gateway) pageRoutes() []route {
	return []route{
		{"GET /{$}", forPeople, g.productsPage},
		{"GET /products/{sku}", forPeople, g.productPage},
		{"GET /pictures/{file}", forPeople, g.picture},
		{"GET /static/{file}", forPeople, g.assets.serve},

		{"GET /cart", forPeople, g.cartPage},
		{"POST /cart", forPeople, g.changeCart},
		{"POST /cart/lines", forPeople, g.addToCart},
		{"GET /checkout", forPeople, g.asVisitor(g.checkoutPage)},
		{"POST /checkout", forPeople, g.asVisitor(g.checkout)},

		{"GET /orders", forPeople, g.asVisitor(g.ordersPage)},
		{"GET /orders/{id}", forPeople, g.asVisitor(g.orderPage)},
		{"POST /orders/{id}/cancel", forPeople, g.asVisitor(g.cancelFromPage)},

		{"GET /register", forPeople, g.registerPage},
		{"POST /register", forPeople, g.registerFromPage},
		{"GET /login", forPeople, g.loginPage},
		{"POST /login", forPeople, g.loginFromPage},
		{"POST /logout", forPeople, g.logoutFromPage},
		{"GET /profile", forPeople, g.asVisitor(g.profilePage)},
		{"POST /profile", forPeople, g.asVisitor(g.changeProfile)},
		{"GET /mails", forPeople, g.asVisitor(g.mailsPage)},
	}
}

// serve makes a route's function a handler: its error becomes the answer, and its time is limited.
func (g *Gateway) serve(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route.kind != forStreams {
			ctx, cancel := g.limited(r.Context())
			defer cancel()
			r = r.WithContext(ctx)
		}
		err := checkWrite(r, route.kind)
		if err == nil {
			err = route.handle(w, r)
		}
		if err != nil {
			g.fail(w, r, route.kind, err)
		}
	})
}

// limited is the context with the time that services have for their answers.
func (g *Gateway) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, g.config.Timeout)
}

// checkWrite refuses a write with an Idempotency-Key that cannot be one, whether the route has a use for it or not: a client that sends one
// counts on it.
func checkWrite(r *http.Request, kind routeKind) error {
	if kind == forPeople || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	_, err := idempotencyKey(r)
	return err
}

// fail answers with what an error means to the client, and logs what only the shop's keepers can mend.
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, kind routeKind, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client has gone
	}
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && p.Code != "not_ready" {
		g.log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "status", p.Status, "code", p.Code, "error", err)
	}
	if kind == forPeople {
		g.problemPage(w, r, p)
		return
	}
	writeProblem(w, p)
}

// dispatch finds the route. The mux's own answers for a wrong path or method are plain text; here they are problems like all others.
func (g *Gateway) dispatch(w http.ResponseWriter, r *http.Request) {
	handler, pattern := g.mux.Handler(r)
	if pattern != "" {
		g.mux.ServeHTTP(w, r)
		return
	}
	answer := muted{header: http.Header{}}
	handler.ServeHTTP(&answer, r)
	kind := kindOf(r)
	if answer.status == http.StatusMethodNotAllowed {
		allow := answer.header.Get("Allow")
		w.Header().Set("Allow", allow)
		g.fail(w, r, kind, refuse(http.StatusMethodNotAllowed, "method_not_allowed", "%s is not possible here; allowed: %s", r.Method, allow))
		return
	}
	g.fail(w, r, kind, refuse(http.StatusNotFound, "no_such_route", "there is nothing at %s", shorten(r.URL.Path, 100)))
}

// kindOf tells by the path who is at the other end of a request that has no route.
func kindOf(r *http.Request) routeKind {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/api/"), path == "/healthz", path == "/readyz", path == "/openapi.json":
		return forPrograms
	}
	return forPeople
}

// muted takes the head of an answer and drops its body.
type muted struct {
	header http.Header
	status int
}

func (m *muted) Header() http.Header         { return m.header }
func (m *muted) Write(b []byte) (int, error) { return len(b), nil }
func (m *muted) WriteHeader(status int)      { m.status = status }

// shorten cuts what a client sent before it is told back.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
