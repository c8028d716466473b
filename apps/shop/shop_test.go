package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/headrace/headrace/apps/shop/identity"
	"github.com/headrace/headrace/apps/shop/verify"
)

// openShop runs a shop, all of it unless the configuration says otherwise, until the test or the returned function ends it.
func openShop(t *testing.T, c config) (url string, closeShop func()) {
	t.Helper()
	opened := make(chan string, 1)
	c.addr, c.log = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	if c.services == nil {
		c.services = serviceNames()
	}
	c.started = func(addr string) { opened <- addr }
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, c, io.Discard) }()
	closeShop = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the shop ended with %v", err)
		}
	})
	t.Cleanup(closeShop)
	select {
	case addr := <-opened:
		return "http://" + addr, closeShop
	case err := <-ended:
		ended <- nil
		t.Fatalf("the shop did not open: %v", err)
		return "", nil
	}
}

// buyer is somebody who is signed in.
type buyer struct {
	t          *testing.T
	url, token string
}

func signIn(t *testing.T, url string) buyer {
	t.Helper()
	b := buyer{t: t, url: url}
	var session struct{ Token string }
	b.call(http.MethodPost, "/api/v1/auth/login", "", map[string]any{"email": identity.DemoEmail, "password": identity.DemoPassword}, http.StatusOK, &session)
	b.token = session.Token
	return b
}

// call asks the shop something and wants it to answer with a status.
func (b buyer) call(method, path, key string, body any, want int, answer any) {
	b.t.Helper()
	response := b.do(method, path, key, body)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != want {
		b.t.Fatalf("%s %s: %s %s, %v; want %d", method, path, response.Status, text, err, want)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(text, answer); err != nil {
		b.t.Fatalf("%s %s: %s: %v", method, path, text, err)
	}
}

func (b buyer) do(method, path, key string, body any) *http.Response {
	b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return response
}

// buy places an order for one product, and returns its id.
func (b buyer) buy(sku, card string) string {
	b.t.Helper()
	var placed struct {
		OrderID string `json:"order_id"`
	}
	body := map[string]any{"lines": []map[string]any{{"sku": sku, "qty": 1}}, "payment_token": card}
	b.call(http.MethodPost, "/api/v1/orders", "key "+sku+card+b.t.Name(), body, http.StatusAccepted, &placed)
	return placed.OrderID
}

// order is what the shop says of an order.
type order struct {
	Status, Reason string
	Cancelling     bool
}

// await listens to an order's live timeline until it is as wanted.
func (b buyer) await(orderID string, wanted func(order) bool) order {
	b.t.Helper()
	response := b.do(http.MethodGet, "/api/v1/orders/"+orderID+"/events", "", nil)
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	name, last := "", order{}
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case field == "event":
			name = value
		case field == "data" && (name == "status" || name == "end"):
			if err := json.Unmarshal([]byte(value), &last); err != nil {
				b.t.Fatalf("status %q: %v", value, err)
			}
			if wanted(last) {
				return last
			}
		case field == "":
			name = ""
		}
	}
	b.t.Fatalf("the timeline of order %s ended (%v) with the order at %+v", orderID, lines.Err(), last)
	return last
}

// end waits until an order has ended.
func (b buyer) end(orderID string) order {
	b.t.Helper()
	return b.await(orderID, func(o order) bool {
		return o.Status == "fulfilled" || o.Status == "cancelled" || o.Status == "needs_attention"
	})
}

func (b buyer) awaitEnd(orderID, status, reason string) {
	b.t.Helper()
	got := b.end(orderID)
	if got.Status != status || got.Reason != reason {
		b.t.Errorf("order ended %+v, want %s %q", got, status, reason)
	}
}

func (b buyer) types(orderID string) map[string]int {
	b.t.Helper()
	var timeline struct {
		Events []struct {
			Type          string
			CorrelationID string `json:"correlation_id"`
		}
	}
	b.call(http.MethodGet, "/api/v1/orders/"+orderID+"/timeline", "", nil, http.StatusOK, &timeline)
	count := map[string]int{}
	for _, e := range timeline.Events {
		count[e.Type]++
	}
	return count
}

const (
	goodCard      = "4242424242424242"
	declinedCard  = "4000000000000002"
	slowCard      = "4000000000000119"
	noCaptureCard = "4000000000000341"
)

func mustVerify(t *testing.T, directory string) {
	t.Helper()
	mustVerifyAt(t, verify.Source{Directory: directory})
}

func mustVerifyAt(t *testing.T, source verify.Source) {
	t.Helper()
	r, err := verify.Run(t.Context(), source)
	if err != nil || !r.OK() {
		t.Errorf("verify: %v\n%s", err, r)
	}
}

func TestBuying(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	url, closeShop := openShop(t, config{data: directory})
	b := signIn(t, url)

	good := b.buy("cup-espresso", goodCard)
	declined := b.buy("cup-espresso", declinedCard)
	stuck := b.buy("cup-espresso", noCaptureCard)
	first := b.buy("chair-folding", goodCard) // there is one
	second := b.buy("chair-folding", goodCard[:4])
	b.awaitEnd(good, "fulfilled", "")
	b.awaitEnd(declined, "cancelled", "payment_declined")
	b.awaitEnd(stuck, "needs_attention", "capture_failed")
	got, missed := b.end(first), b.end(second)
	if got.Status == "cancelled" { // order holds for one order, not between two: who is first at the stock is first
		got, missed = missed, got
	}
	if got.Status != "fulfilled" || missed.Status != "cancelled" || missed.Reason != "out_of_stock" {
		t.Errorf("of two orders for the last chair, one is %+v and one %+v", got, missed)
	}
	if again := b.buy("cup-espresso", goodCard); again != good {
		t.Errorf("the same key made orders %s and %s", good, again)
	}

	closeShop()
	mustVerify(t, directory)
	url, _ = openShop(t, config{data: directory}) // the next day
	b = signIn(t, url)
	b.awaitEnd(good, "fulfilled", "")
	types := b.types(good)
	for _, typ := range []string{
		"order.placed", "fulfilment.reserve_stock", "stock.reserved", "fulfilment.authorize_payment", "payment.authorized", "order.confirmed",
		"fulfilment.create_shipment", "shipment.created", "shipment.dispatched", "shipment.delivered", "fulfilment.capture_payment",
		"payment.captured", "fulfilment.commit_stock", "stock.committed", "order.fulfilled",
	} {
		if types[typ] != 1 {
			t.Errorf("the timeline has %d of %s: %v", types[typ], typ, types)
		}
	}
	mustVerify(t, directory)
}

func TestCancelling(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	url, closeShop := openShop(t, config{data: directory, cancelWithin: 1 << 40}) // 18 minutes
	b := signIn(t, url)
	confirmed, slow := b.buy("mug-stone", goodCard), b.buy("mug-stone", slowCard)
	b.await(confirmed, func(o order) bool { return o.Status == "confirmed" })
	for n, id := range []string{confirmed, slow} {
		b.call(http.MethodPost, "/api/v1/orders/"+id+"/cancel", fmt.Sprint("cancel ", n), map[string]any{"reason": "changed my mind"}, http.StatusAccepted, nil)
	}
	b.awaitEnd(confirmed, "cancelled", "buyer_request")
	b.awaitEnd(slow, "cancelled", "buyer_request")
	if types := b.types(confirmed); types["payment.voided"] != 1 || types["stock.released"] != 1 || types["order.cancelled"] != 1 {
		t.Errorf("timeline: %v", types)
	}
	closeShop()
	mustVerify(t, directory)
}

func TestOneDirectoryOneShop(t *testing.T) {
	t.Parallel()
	c := config{data: t.TempDir()}
	_, _ = openShop(t, c)
	c.addr, c.services, c.log = "127.0.0.1:0", serviceNames(), slog.New(slog.DiscardHandler)
	if err := serve(t.Context(), c, io.Discard); err == nil {
		t.Error("two shops in one directory")
	}
}
