// Command withheadrace is the shop of docs/guides/coming-from-watermill.md as it is written with Headrace.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/docs/guides/watermill/shop"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/sqlstore"
	"github.com/headrace/headrace/drivers/sqlstore/postgres"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	broker, err := redis.NewBroker(redis.BrokerConfig{URL: os.Getenv("REDIS_URL")})
	if err != nil {
		return err
	}
	s, err := openStores(ctx)
	if err != nil {
		return err
	}
	orders, payments, mails := newServices(s)
	app := &headrace.App{Broker: broker, Services: []*headrace.Service{orders, payments, mails}}
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	return errors.Join(placeAll(ctx, orders), <-ended, broker.Close(), s.orders.Close(), s.payments.Close(), s.mails.Close())
}

// stores are the databases of the services: a schema for each.
type stores struct{ orders, payments, mails *sqlstore.Store }

func openStores(ctx context.Context) (s stores, err error) {
	open := func(schema, tables string) *sqlstore.Store {
		if err != nil {
			return nil
		}
		var store *sqlstore.Store
		store, err = postgres.Open(ctx, postgres.Config{URL: os.Getenv("POSTGRES_URL"), Schema: schema, Tables: tables})
		return store
	}
	s.orders = open("orders", `CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, customer TEXT NOT NULL, total BIGINT NOT NULL)`)
	s.payments = open("payments", `CREATE TABLE IF NOT EXISTS payments (order_id TEXT PRIMARY KEY)`)
	s.mails = open("mails", "")
	return s, err
}

func placeAll(ctx context.Context, orders *headrace.Service) error {
	for _, o := range shop.Orders() {
		if err := place(ctx, orders, o); err != nil {
			return err
		}
	}
	return nil
}
