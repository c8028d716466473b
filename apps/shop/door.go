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

const readyTimeout = time.Second

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
