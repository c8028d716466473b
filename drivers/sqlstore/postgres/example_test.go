package postgres_test

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/sqlstore/postgres"
)

// These examples need a server, so they are compiled and not run.

const tables = `CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, total BIGINT NOT NULL)`

// A store for production says how many connections it may have: workers, relay, membership and the callers of Service.In share them.
func Example() {
	ctx := context.Background()
	store, err := postgres.Open(ctx, postgres.Config{
		URL:         os.Getenv("POSTGRES_URL") + "?pool_max_conns=12&pool_max_conn_lifetime=1h&application_name=orders",
		Schema:      "orders",
		Tables:      tables,
		IdleTimeout: 2 * time.Minute, // longer than any handler's Timeout
		LockTimeout: 10 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	orders := headrace.NewService(headrace.ServiceConfig{
		Name: "orders", Store: store,
		Workers: 4, // transactions that handle events at once
		Lease:   5 * time.Second,
		Drain:   20 * time.Second, // and less than the platform waits between SIGTERM and SIGKILL
	})
	if err := orders.Check(); err != nil {
		log.Fatal(err)
	}
	if err := store.Close(); err != nil { // after App.Run has returned
		log.Print(err)
	}
}
