package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/headrace/headrace/apps/shop/verify"
	"github.com/headrace/headrace/drivers/testserver"
)

// onServers is the configuration of processes that are one shop.
func onServers(t *testing.T) (config, verify.Source) {
	t.Helper()
	c := config{data: t.TempDir(), redis: testserver.Redis(t).URL(), postgres: testserver.Postgres(t, "fsync = off").URL()}
	return c, verify.Source{Directory: c.data, Postgres: c.postgres}
}

// openAll runs processes that begin at once on an empty database.
func openAll(t *testing.T, processes []config) (urls []string, closeAll func()) {
	t.Helper()
	urls = make([]string, len(processes))
	closes := make([]func(), len(processes))
	var opening sync.WaitGroup
	for n, c := range processes {
		opening.Go(func() { urls[n], closes[n] = openShop(t, c) })
	}
	opening.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return urls, func() {
		var closing sync.WaitGroup
		for _, end := range closes {
			closing.Go(end)
		}
		closing.Wait()
	}
}

// buyOneOfEach buys what ends in each of the ways there are, everywhere.
func buyOneOfEach(t *testing.T, gateways ...string) {
	t.Helper()
	for n, url := range gateways {
		b := signIn(t, url)
		sku := []string{"cup-espresso", "mug-stone", "pan-iron", "tea-assam"}[n]
		good, declined, stuck := b.buy(sku, goodCard), b.buy(sku, declinedCard), b.buy(sku, noCaptureCard)
		b.awaitEnd(good, "fulfilled", "")
		b.awaitEnd(declined, "cancelled", "payment_declined")
		b.awaitEnd(stuck, "needs_attention", "capture_failed")
	}
}

// TestManyShops: whole shops that begin at once on an empty database are one shop.
func TestManyShops(t *testing.T) {
	t.Parallel()
	c, source := onServers(t)
	urls, closeAll := openAll(t, []config{c, c, c})
	for _, url := range urls {
		b := signIn(t, url)
		var list struct{ Products []struct{ SKU string } }
		b.call(http.MethodGet, "/api/v1/products?limit=100", "", nil, http.StatusOK, &list)
		if len(list.Products) != 24 {
			t.Errorf("%d products", len(list.Products))
		}
		b.call(http.MethodGet, "/readyz", "", nil, http.StatusOK, nil)
	}
	buyOneOfEach(t, urls...)
	closeAll()
	mustVerifyAt(t, source)
}

// TestShopInParts: each service in two processes, and gateways that only ask.
func TestShopInParts(t *testing.T) {
	t.Parallel()
	c, source := onServers(t)
	var processes []config
	for _, services := range []string{"gateway", "identity,orders", "orders,payments,archive", "inventory,shipping,notifications", "gateway,archive", "payments,inventory"} {
		part := c
		part.services = strings.Split(services, ",")
		processes = append(processes, part)
	}
	urls, closeAll := openAll(t, processes)
	buyOneOfEach(t, urls[0], urls[4])
	closeAll()
	mustVerifyAt(t, source)

	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"verify", "-data", c.data, "-postgres", c.postgres}, func(string) string { return "" }, &out, &errs); code != exitOK {
		t.Errorf("exit %d\n%s%s", code, &out, &errs)
	}
	elsewhere := fmt.Sprint(c.postgres, "&dbname=template1")
	if code := run(t.Context(), []string{"verify", "-data", c.data, "-postgres", elsewhere}, func(string) string { return "" }, &out, &errs); code != exitUsage {
		t.Errorf("where there is no shop: exit %d", code)
	}
}
