package load

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeShop answers like a shop. Every third time it is asked for something new, it does it and loses the answer.
type fakeShop struct {
	mu      sync.Mutex
	users   map[string]bool
	orders  map[string]string // by idempotency key
	asked   int
	cards   map[string]int
	skus    map[string]int
	cancels int
}

func (f *fakeShop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /api/v1/products", f.products)
	mux.HandleFunc("POST /api/v1/auth/register", f.register)
	mux.HandleFunc("POST /api/v1/auth/login", f.login)
	mux.HandleFunc("POST /api/v1/orders", f.place)
	mux.HandleFunc("GET /api/v1/orders/{id}", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"status":"fulfilled"}`) })
	mux.HandleFunc("POST /api/v1/orders/{id}/cancel", f.cancel)
	return mux
}

func answer(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func (f *fakeShop) products(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("after") == "" {
		answer(w, 200, `{"products":[{"sku":"rare","available":1},{"sku":"common","available":1000}],"next":"x"}`)
	} else {
		answer(w, 200, `{"products":[{"sku":"usual","available":500}],"next":""}`)
	}
}

func (f *fakeShop) register(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var q struct{ Email string }
	_ = json.NewDecoder(r.Body).Decode(&q)
	f.users[q.Email] = true
	answer(w, 201, `{}`)
}

func (f *fakeShop) login(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var q struct{ Email string }
	_ = json.NewDecoder(r.Body).Decode(&q)
	if !f.users[q.Email] {
		answer(w, 401, `{"code":"credentials"}`)
		return
	}
	answer(w, 200, `{"token":"t"}`)
}

func (f *fakeShop) place(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var q struct {
		Lines        []line
		PaymentToken string `json:"payment_token"`
	}
	_ = json.NewDecoder(r.Body).Decode(&q)
	key := r.Header.Get("Idempotency-Key")
	_, repeated := f.orders[key]
	if !repeated {
		f.orders[key] = "order"
		f.cards[q.PaymentToken]++
		for _, l := range q.Lines {
			f.skus[l.SKU]++
		}
		if f.asked++; f.asked%3 == 0 {
			answer(w, 502, ``)
			return
		}
	}
	text, _ := json.Marshal(map[string]any{"order_id": "order", "repeated": repeated})
	answer(w, 202, string(text))
}

func (f *fakeShop) cancel(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancels++; f.cancels%2 == 0 {
		answer(w, 409, `{"code":"too_late"}`)
	}
}

func newFakeShop(t *testing.T) (*fakeShop, string) {
	t.Helper()
	f := &fakeShop{users: map[string]bool{}, orders: map[string]string{}, cards: map[string]int{}, skus: map[string]int{}}
	server := httptest.NewServer(f.handler())
	t.Cleanup(server.Close)
	return f, server.URL
}

func TestRun(t *testing.T) {
	t.Parallel()
	f, url := newFakeShop(t)
	var out strings.Builder
	s, err := Run(t.Context(), Config{URL: url, Rate: 400, For: 500 * time.Millisecond, Users: 3, Declined: 0.3, Cancelled: 0.5, Watched: 100, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	if s.Placed != 200 || len(f.orders) != 200 || s.Failed != 0 || s.Skipped != 0 {
		t.Errorf("200 orders fell due: %+v, the shop has %d", s, len(f.orders))
	}
	if s.Repeated != 66 || s.Errors["HTTP 502"] != 66 {
		t.Errorf("66 answers were lost: %d repeated, errors %v", s.Repeated, s.Errors)
	}
	if n := f.cards[badCard]; n < 30 || n > 90 {
		t.Errorf("%d of 200 cards are bad, want about 60", n)
	}
	if s.Cancelled == 0 || s.Cancelled+s.TooLate != f.cancels || f.cancels < 60 || f.cancels > 140 {
		t.Errorf("%d cancelled, %d too late, %d asked, want about 100", s.Cancelled, s.TooLate, f.cancels)
	}
	if f.skus["common"] <= f.skus["usual"] || f.skus["usual"] <= f.skus["rare"] {
		t.Errorf("what there is most of is wanted most: %v", f.skus)
	}
	if s.Ends["fulfilled"].Count == 0 || s.Post.Count != 200 || s.Post.P99 < s.Post.P50 {
		t.Errorf("durations: %+v, %+v", s.Post, s.Ends)
	}
	if len(f.users) != 3 || !strings.Contains(out.String(), "3 of 3 users") || !strings.Contains(s.String(), "200 orders placed") {
		t.Errorf("%d users, said %q and %q", len(f.users), out.String(), s)
	}
}

func TestInterruptedRunFinishesWhatItBegan(t *testing.T) {
	t.Parallel()
	f, url := newFakeShop(t)
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, stop)
	s, err := Run(ctx, Config{URL: url, Rate: 100, For: time.Hour, Users: 1})
	if err != nil || s.Placed == 0 || s.Failed != 0 || s.Placed != len(f.orders) {
		t.Errorf("%+v, %v; the shop has %d orders", s, err, len(f.orders))
	}
}

func TestShopThatIsAway(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if _, err := Run(t.Context(), Config{URL: server.URL, Patience: time.Millisecond}); err == nil {
		t.Error("a run without a shop")
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var durations []time.Duration
	for n := range 101 {
		durations = append(durations, time.Duration(100-n)*time.Second)
	}
	want := Percentiles{Count: 101, P50: 50 * time.Second, P90: 90 * time.Second, P99: 99 * time.Second, Max: 100 * time.Second}
	if got := percentiles(durations); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := percentiles(nil); got != (Percentiles{}) {
		t.Errorf("of nothing: %+v", got)
	}
}
