package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
)

func TestLimiter(t *testing.T) {
	t.Parallel()
	now := epoch
	l := newLimiter(10, driver.Clock(func() time.Time { return now }))
	count := func(key string) (n int) {
		for l.take(key) == nil {
			n++
		}
		return n
	}
	if n := count("a"); n != 20 {
		t.Errorf("a full bucket has %d tokens, want 20", n)
	}
	if n := count("b"); n != 20 {
		t.Errorf("another key has %d tokens, want 20", n)
	}
	p, _ := errors.AsType[*problem](l.take("a"))
	if p.Status != http.StatusTooManyRequests || p.retryAfter != 100*time.Millisecond {
		t.Errorf("refusal is %+v", p)
	}
	now = now.Add(500 * time.Millisecond)
	if n := count("a"); n != 5 {
		t.Errorf("half a second fills %d tokens, want 5", n)
	}
	now = now.Add(time.Hour)
	if n := count("a"); n != 20 {
		t.Errorf("an hour fills %d tokens, want 20", n)
	}
	now = now.Add(-time.Hour)
	if n := count("a"); n != 0 {
		t.Errorf("a clock that was set back fills %d tokens", n)
	}
}

func TestLimiterForgetsTheLeastRecent(t *testing.T) {
	t.Parallel()
	l := newLimiter(1, driver.Clock(func() time.Time { return epoch }))
	_ = l.take("kept")
	kept := l.buckets["kept"]
	for i := range maxBuckets + 10 {
		_ = l.take("kept")
		_ = l.take(fmt.Sprint(i))
	}
	if len(l.buckets) != maxBuckets || l.recent.Len() != maxBuckets {
		t.Errorf("%d buckets in the map and %d in the list, want %d", len(l.buckets), l.recent.Len(), maxBuckets)
	}
	if l.buckets["kept"] != kept {
		t.Error("a key in use was forgotten")
	}
	if l.buckets["0"] != nil {
		t.Error("the key that was not used for longest is remembered")
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:1234":           "192.0.2.7",
		"[::ffff:192.0.2.7]:1":     "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:1": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":         "fe80::/64",
		"@":                        "unknown",
	} {
		if got := address(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("address of %s is %s, want %s", remote, got, want)
		}
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s, func(c *Config) { c.Rate = 5 }))
	for range 10 {
		c.get("/api/v1/products")
		c.want(200)
	}
	c.get("/api/v1/products")
	c.wantProblem(429, "rate_limited")
	if got := c.answer.Header().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After is %q", got)
	}
	c.get("/")
	c.want(429, "<h1>Too Many Requests</h1>")
	c.get("/readyz") // whoever watches the shop is never too many
	c.want(200)
}

func TestRateOfAUserOverManyAddresses(t *testing.T) {
	t.Parallel()
	g := newGateway(t, newShop(), func(c *Config) { c.Rate = 5 })
	for i := range 11 {
		ann := newClient(t, from(g, fmt.Sprintf("192.0.2.%d:99", i))).as("ann")
		ann.get("/api/v1/me")
		if i < 10 {
			ann.want(200)
			continue
		}
		ann.wantProblem(429, "rate_limited")
		bob := newClient(t, from(g, "192.0.2.99:99")).as("bob")
		bob.get("/api/v1/me")
		bob.want(200)
	}
}

func TestRateOfLogins(t *testing.T) {
	t.Parallel()
	s := newShop()
	c := newClient(t, newGateway(t, s, func(c *Config) { c.LoginRate = 2 }))
	const wrong = `{"email":"ann@shop.test","password":"wrong"}`
	for range 2 {
		c.json("POST", "/api/v1/auth/login", wrong)
		c.wantProblem(401, "wrong_credentials")
		c.form("/login", "email", "ann@shop.test", "password", "wrong")
		c.want(401)
	}
	c.json("POST", "/api/v1/auth/login", wrong)
	c.wantProblem(429, "rate_limited")
	c.json("POST", "/api/v1/auth/register", `{}`)
	c.wantProblem(429, "rate_limited")
	c.form("/login", "email", "ann@shop.test", "password", "wrong")
	c.want(429, "Too many requests: at most 2 a second.")
	c.form("/register", "email", "ann@shop.test", "password", "wrong")
	c.want(429)
	if n := s.called("Login") + s.called("Register"); n != 4 {
		t.Errorf("identity was asked %d times, want 4", n)
	}
}

// from makes requests come from an address.
func from(h http.Handler, remote string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = remote
		h.ServeHTTP(w, r)
	})
}

// count is how many streams are open.
func (l *streamLimit) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

func TestStreamLimit(t *testing.T) {
	t.Parallel()
	l := newStreamLimit(3, 2)
	for i, step := range []struct {
		user string
		ok   bool
	}{{"a", true}, {"a", true}, {"a", false}, {"b", true}, {"b", false}} {
		if err := l.enter(step.user); (err == nil) != step.ok {
			t.Errorf("step %d: %s: %v", i, step.user, err)
		}
	}
	l.leave("a")
	if err := l.enter("b"); err != nil {
		t.Errorf("a place that became free is refused: %v", err)
	}
	l.leave("a")
	l.leave("b")
	l.leave("b")
	if l.count() != 0 || len(l.users) != 0 {
		t.Errorf("after all have left: %d open, users %v", l.count(), l.users)
	}
}
