package provider

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/headrace/headrace/apps/shop/money"
)

func open(t *testing.T, c Config) *Provider {
	t.Helper()
	if c.Path == "" {
		c.Path = filepath.Join(t.TempDir(), "provider.db")
	}
	p, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func ask(key, card string) AuthorizeRequest {
	return AuthorizeRequest{Key: key, Reference: "order-1", Amount: money.EUR(500), Token: "424242424242" + card}
}

// took is what is held and captured of all buyers, and how often.
func (p *Provider) took(t *testing.T) (holds int, held, captured, refunded int64) {
	t.Helper()
	err := p.db.QueryRowContext(t.Context(), `SELECT count(*), coalesce(sum(held), 0), coalesce(sum(captured), 0), coalesce(sum(refunded), 0) FROM hold`).
		Scan(&holds, &held, &captured, &refunded)
	if err != nil {
		t.Fatal(err)
	}
	return holds, held, captured, refunded
}

func TestSameKeySameAnswerOnce(t *testing.T) {
	t.Parallel()
	p := open(t, Config{})
	answers := make([]Answer, 16)
	var callers sync.WaitGroup
	for i := range answers {
		callers.Go(func() {
			var err error
			if answers[i], err = p.Authorize(t.Context(), ask("k", cardPays)); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	for _, a := range answers {
		if a != answers[0] || a.AuthCode == "" || a.Declined != "" {
			t.Errorf("answer %+v, and %+v", a, answers[0])
		}
	}
	if holds, held, _, _ := p.took(t); holds != 1 || held != 500 {
		t.Errorf("%d holds of %d", holds, held)
	}
}

func TestCards(t *testing.T) {
	t.Parallel()
	p := open(t, Config{Slow: time.Nanosecond})
	for card, declined := range map[string]string{
		cardPays: "", cardSlow: "", cardNoCapture: "", cardDeclined: "card_declined", "9999": "unknown_card",
	} {
		a, err := p.Authorize(t.Context(), ask("k"+card, card))
		if err != nil || a.Declined != declined || (a.AuthCode == "") != (declined != "") {
			t.Errorf("card %s: %+v, %v", card, a, err)
		}
	}
	if holds, _, _, _ := p.took(t); holds != 3 {
		t.Errorf("%d holds", holds)
	}
}

func TestCaptureOnce(t *testing.T) {
	t.Parallel()
	p := open(t, Config{})
	a, err := p.Authorize(t.Context(), ask("a", cardPays))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := p.Capture(t.Context(), "c", a.AuthCode); err != nil || got.Declined != "" {
			t.Errorf("capture: %+v, %v", got, err)
		}
	}
	if got, err := p.Capture(t.Context(), "another", a.AuthCode); err != nil || got.Declined != "nothing_held" {
		t.Errorf("capture under another key: %+v, %v", got, err)
	}
	if got, err := p.Void(t.Context(), "v", a.AuthCode); err != nil || got.Declined != "nothing_held" {
		t.Errorf("void of what was captured: %+v, %v", got, err)
	}
	if _, held, captured, _ := p.took(t); held != 0 || captured != 500 {
		t.Errorf("%d held, %d captured", held, captured)
	}
}

func TestRefusedCaptureHoldsOn(t *testing.T) {
	t.Parallel()
	p := open(t, Config{})
	a, err := p.Authorize(t.Context(), ask("a", cardNoCapture))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := p.Capture(t.Context(), "c", a.AuthCode); err != nil || got.Declined != "capture_refused" {
			t.Errorf("capture: %+v, %v", got, err)
		}
	}
	if _, found, err := p.Lookup(t.Context(), "c"); found || err != nil {
		t.Errorf("a refused capture is kept: %v, %v", found, err)
	}
	if got, err := p.Void(t.Context(), "v", a.AuthCode); err != nil || got.Declined != "" {
		t.Errorf("void: %+v, %v", got, err)
	}
	if _, held, captured, _ := p.took(t); held != 0 || captured != 0 {
		t.Errorf("%d held, %d captured", held, captured)
	}
}

func TestRefundNoMoreThanWasTaken(t *testing.T) {
	t.Parallel()
	p := open(t, Config{})
	a, err := p.Authorize(t.Context(), ask("a", cardPays))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Capture(t.Context(), "c", a.AuthCode); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key      string
		amount   int64
		declined string
	}{{"r1", 300, ""}, {"r1", 300, ""}, {"r2", 201, "amount"}, {"r3", 200, ""}, {"r4", 1, "amount"}} {
		if got, err := p.Refund(t.Context(), c.key, a.AuthCode, money.EUR(c.amount)); err != nil || got.Declined != c.declined {
			t.Errorf("refund %s of %d: %+v, %v", c.key, c.amount, got, err)
		}
	}
	if _, _, captured, refunded := p.took(t); captured != 500 || refunded != 500 {
		t.Errorf("%d captured, %d refunded", captured, refunded)
	}
}

// TestLostAnswerIsFoundAgain: the slow card charges first and answers late, so that a caller who does not wait does not know.
func TestLostAnswerIsFoundAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "provider.db")
	p := open(t, Config{Path: path, Slow: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := p.Authorize(ctx, ask("k", cardSlow))
		done <- err
	}()
	found := false
	for !found {
		var err error
		if _, found, err = p.Lookup(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was given up: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, Config{Path: path, Slow: time.Nanosecond})
	a, err := p.Authorize(t.Context(), ask("k", cardSlow))
	if holds, _, _, _ := p.took(t); err != nil || a.AuthCode == "" || holds != 1 {
		t.Errorf("asked again: %+v, %v, %d holds", a, err, holds)
	}
}
