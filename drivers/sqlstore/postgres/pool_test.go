package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
)

// TestHandlersLeaveConnectionsToTheStore has all transactions open that the service may have: a heartbeat must not wait for them, or leases would be
// lost to slow handlers.
func TestHandlersLeaveConnectionsToTheStore(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	store, err := Open(t.Context(), Config{URL: server.URL() + "&pool_max_conns=4", Schema: server.schema()})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	first := begin(t, store)
	begin(t, store)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err = store.Heartbeat(ctx, "m", time.Second)
	must(t, err)
	third := make(chan error, 1)
	go func() {
		tx, err := store.Begin(ctx, driver.TxOptions{})
		if err == nil {
			err = tx.Rollback(ctx)
		}
		third <- err
	}()
	over, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := store.Begin(over, driver.TxOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beginning one transaction too many: %v; want that it waits", err)
	}
	must(t, first.Rollback(t.Context()))
	must(t, <-third)
}
