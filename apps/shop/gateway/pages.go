package gateway

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// page is what every template gets. Data is the page's own.
type page struct {
	Title   string
	Visitor *session // nil for a guest
	Bare    bool     // nobody was asked who is looking
	InCart  int64    // pieces
	Notice  string   // what was just done
	Fault   *problem // what was wrong with a form; nil when nothing was
	Reload  bool     // without JavaScript the page loads itself again after some seconds
	Script  bool     // the page has something to follow live
	Data    any
}

// show renders a page for whoever is signed in.
func (g *Gateway) show(w http.ResponseWriter, r *http.Request, name string, p page) error {
	visitor, err := g.visitor(r)
	if err != nil {
		return err
	}
	return g.showTo(w, r, visitor, name, p)
}

func (g *Gateway) showTo(w http.ResponseWriter, r *http.Request, visitor *session, name string, p page) error {
	p.Visitor = visitor
	if cart, err := g.cartOf(r, visitor); err == nil { // a page is worth more than the number next to "Cart"
		p.InCart = pieces(cart)
	}
	return g.render(w, name, p)
}

func (g *Gateway) render(w http.ResponseWriter, name string, p page) error {
	var body bytes.Buffer
	if err := g.templates[name].ExecuteTemplate(&body, "layout", p); err != nil {
		return fmt.Errorf("render page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if p.Fault != nil {
		writeProblemHead(w, p.Fault)
	}
	_, _ = body.WriteTo(w) // a client that has gone away cannot be told
	return nil
}

// problemPage tells people what went wrong. It asks no service, because one of them may be what is wrong.
func (g *Gateway) problemPage(w http.ResponseWriter, r *http.Request, p *problem) {
	if err := g.render(w, "problem.html", page{Title: p.Title, Fault: p, Bare: true}); err != nil {
		g.log.ErrorContext(r.Context(), "problem page failed", "error", err)
		writeProblem(w, p)
	}
}

// readForm reads a form, within the same limits as JSON.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	const formType = "application/x-www-form-urlencoded"
	if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != formType {
		return nil, checkMediaType(r, formType)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("read form: %w", bodyError(err))
	}
	for _, values := range r.PostForm {
		if err := checkText("the form", strings.Join(values, "")); err != nil {
			return nil, err
		}
	}
	return r.PostForm, nil
}

// faultIn is what a form shows again together with what was typed in; nil if the error is not the visitor's to mend.
func faultIn(err error) *problem {
	if err == nil {
		return nil
	}
	p := problemOf(err)
	switch p.Status {
	case http.StatusUnprocessableEntity, http.StatusConflict, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusBadRequest:
		return p
	}
	return nil
}

// localPath is where to go next, if that is a page of the shop; otherwise the front page. A link from elsewhere must not lead away: browsers
// take two slashes, or a slash and a backslash, for the beginning of another host, and pass over control characters.
func localPath(next string) string {
	strange := func(r rune) bool { return r == '\\' || r < ' ' }
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, strange) {
		return "/"
	}
	return next
}

func pieces(cart orders.Cart) int64 {
	var n int64
	for _, line := range cart.Lines {
		n += line.Qty
	}
	return n
}
