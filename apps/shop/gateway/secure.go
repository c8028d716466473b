package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"
)

// How long a client may take to send its request, and to take the answer.
const (
	readTimeout  = 15 * time.Second
	writeTimeout = 30 * time.Second
)

// contentPolicy lets pages load only what the gateway itself serves, and no inline script or style.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard is what every request passes before it finds its route.
func (g *Gateway) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.secureHeaders(w.Header())
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(readTimeout)) // not every ResponseWriter has deadlines; a real server's has
		_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
		defer g.recoverPanic(w, r)
		if err := g.admit(crossOrigin, r); err != nil {
			g.fail(w, r, kindOf(r), err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// admit refuses requests that are too many, or that another site's page made a browser send.
func (g *Gateway) admit(crossOrigin *http.CrossOriginProtection, r *http.Request) error {
	if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		return nil
	}
	if err := g.requests.take("address " + address(r)); err != nil {
		return err
	}
	if err := crossOrigin.Check(r); err != nil {
		return refuse(http.StatusForbidden, "cross_origin", "this was sent by a page of another site")
	}
	query, _ := url.QueryUnescape(r.URL.RawQuery) // what cannot be read is not read by anybody else either
	return checkText("the query", query)
}

func (g *Gateway) secureHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	if g.config.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// recoverPanic answers for a handler that panicked, so that one bad request harms no other.
func (g *Gateway) recoverPanic(w http.ResponseWriter, r *http.Request) {
	value := recover()
	if value == nil {
		return
	}
	if value == http.ErrAbortHandler { //nolint:errorlint // a panic's value is not wrapped
		panic(value)
	}
	g.fail(w, r, kindOf(r), fmt.Errorf("panic: %v\n%s", value, debug.Stack()))
}
