// Command withwatermill is the shop of docs/guides/coming-from-watermill.md as it is written with Watermill.
package main

import (
	"context"
	stdsql "database/sql"
	"errors"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver of database/sql
	"github.com/redis/go-redis/v9"

	"github.com/headrace/headrace/docs/guides/watermill/shop"
)

const tables = `
	CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, customer TEXT NOT NULL, total BIGINT NOT NULL);
	CREATE TABLE IF NOT EXISTS payments (order_id TEXT PRIMARY KEY);
	CREATE TABLE IF NOT EXISTS handled (handler TEXT, message TEXT, PRIMARY KEY (handler, message))`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	logger := watermill.NewSlogLogger(slog.Default())
	db, err := stdsql.Open("pgx", os.Getenv("POSTGRES_URL"))
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, tables); err != nil {
		return err
	}
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	publisher, err := redisstream.NewPublisher(redisstream.PublisherConfig{Client: client, DefaultMaxlen: 100_000}, logger)
	if err != nil {
		return err
	}
	forward, err := newForwarder(db, publisher, logger)
	if err != nil {
		return err
	}
	router, err := newRouter(publisher, logger)
	if err != nil {
		return err
	}
	if err := addHandlers(router, db, client, logger); err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() { ended <- forward.Run(ctx) }()
	go func() { ended <- router.Run(ctx) }()
	return errors.Join(placeAll(ctx, db, logger), <-ended, <-ended)
}

func placeAll(ctx context.Context, db *stdsql.DB, logger watermill.LoggerAdapter) error {
	for _, o := range shop.Orders() {
		if err := place(ctx, db, o, logger); err != nil {
			return err
		}
	}
	return nil
}
