package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/orders"
)

// door knows whether orders can be placed. Once they can, they can as long as the process runs.
type door struct {
	app    *headrace.App
	orders *orders.Orders
	opened atomic.Bool
}

const (
	readyTimeout = time.Second
	readyEvery   = 5 * time.Millisecond
)

// open reports whether orders can be placed: the services run, and orders knows the prices. It may be called concurrently.
func (d *door) open() bool {
	if d.opened.Load() {
		return true
	}
	select {
	case <-d.app.Ready():
	default:
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	if d.orders.Ready(ctx) != nil {
		return false
	}
	d.opened.Store(true)
	return true
}

// await waits until orders can be placed: in a fresh shop the prices are still on their way from inventory. It reports false if ctx ends
// first.
func (d *door) await(ctx context.Context) bool {
	again := time.NewTicker(readyEvery)
	defer again.Stop()
	for !d.open() {
		select {
		case <-again.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
