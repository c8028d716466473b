package gateway

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// quiet is a logger that writes to the test's output.
func quiet(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// client sends requests to a gateway without a network. Its zero value is a guest.
type client struct {
	t       *testing.T
	handler http.Handler
	token   string                     // Authorization: Bearer
	cookies map[string]string          // as a browser keeps them
	header  map[string]string          // of every request
	answer  *httptest.ResponseRecorder // the last one
}

func newClient(t *testing.T, h http.Handler) *client {
	return &client{t: t, handler: h, cookies: map[string]string{}, header: map[string]string{}}
}

// as is the same client with a token.
func (c *client) as(token string) *client {
	return &client{t: c.t, handler: c.handler, token: token, cookies: map[string]string{}, header: map[string]string{}}
}

// signedIn is the same client with a session cookie.
func (c *client) signedIn(token string) *client {
	d := c.as("")
	d.cookies["shop_session"] = token
	return d
}

func (c *client) send(method, target, contentType, body string) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	c.answer = httptest.NewRecorder()
	c.handler.ServeHTTP(c.answer, r)
	for _, cookie := range c.answer.Result().Cookies() {
		c.cookies[cookie.Name] = cookie.Value
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		}
	}
	return c.answer
}

func (c *client) get(target string) *httptest.ResponseRecorder { return c.send("GET", target, "", "") }

// json sends a JSON body.
func (c *client) json(method, target, body string) *httptest.ResponseRecorder {
	return c.send(method, target, "application/json", body)
}

// form sends a form the way a browser does from a page of the shop.
func (c *client) form(target string, pairs ...string) *httptest.ResponseRecorder {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return c.send("POST", target, "application/x-www-form-urlencoded", values.Encode())
}

// wantProblem checks that the last answer is this problem, and returns it.
func (c *client) wantProblem(status int, code string) problem {
	c.t.Helper()
	var p problem
	if err := json.Unmarshal(c.answer.Body.Bytes(), &p); err != nil {
		c.t.Fatalf("answer %d is no problem: %v\n%s", c.answer.Code, err, c.answer.Body)
	}
	if c.answer.Code != status || p.Status != status || p.Code != code {
		c.t.Errorf("answer %d: %+v; want %d %s", c.answer.Code, p, status, code)
	}
	if got := c.answer.Header().Get("Content-Type"); got != "application/problem+json" {
		c.t.Errorf("Content-Type of a problem is %q", got)
	}
	if p.Type != "about:blank" || p.Title != http.StatusText(status) || p.Detail == "" {
		c.t.Errorf("problem is incomplete: %+v", p)
	}
	return p
}

// want checks the status of the last answer and that its body holds all texts.
func (c *client) want(status int, texts ...string) {
	c.t.Helper()
	body := c.body()
	if c.answer.Code != status {
		c.t.Errorf("answer is %d, want %d\n%s", c.answer.Code, status, body)
	}
	for _, text := range texts {
		if !strings.Contains(body, text) {
			c.t.Errorf("answer does not hold %q:\n%s", text, body)
		}
	}
}

func (c *client) wantNot(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if strings.Contains(c.body(), text) {
			c.t.Errorf("answer holds %q:\n%s", text, c.body())
		}
	}
}

// wantRedirect checks that the last answer sends the browser there.
func (c *client) wantRedirect(to string) {
	c.t.Helper()
	if got := c.answer.Header().Get("Location"); c.answer.Code != http.StatusSeeOther || got != to {
		c.t.Errorf("answer is %d to %q, want 303 to %q\n%s", c.answer.Code, got, to, c.body())
	}
}

func (c *client) body() string { return c.answer.Body.String() }
