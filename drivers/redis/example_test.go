package redis_test

import (
	"context"
	"errors"
	"log"
	"os"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/redis"
)

// These examples need servers, so they are compiled and not run.

// newServices makes the services of this process.
func newServices() []*headrace.Service { return nil }

// A broker for production says where Redis is, as whom it logs in, and how much Redis keeps.
func Example() {
	broker, err := redis.NewBroker(redis.BrokerConfig{
		URL:     os.Getenv("REDIS_URL"), // redis://mails:secret@redis.internal:6379
		Bound:   10_000,                 // entries of each partition; all of them have to fit into maxmemory
		Timeout: 5 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	app := headrace.App{Broker: broker, Services: newServices()}
	if err := app.Run(context.Background()); err != nil {
		log.Print(err)
	}
	if err := broker.Close(); err != nil {
		log.Print(err)
	}
}

// Processes that run different services need a Live, over which they read each other's journals.
func Example_live() {
	broker, err := redis.NewBroker(redis.BrokerConfig{URL: os.Getenv("REDIS_URL")})
	if err != nil {
		log.Fatal(err)
	}
	live, err := redis.NewLive(redis.LiveConfig{URL: os.Getenv("LIVE_URL")}) // redis://live:secret@redis.internal:6379
	if err != nil {
		log.Fatal(err)
	}
	app := headrace.App{Broker: broker, Live: live, Services: newServices()}
	err = app.Run(context.Background())
	if err := errors.Join(err, live.Close(), broker.Close()); err != nil {
		log.Print(err)
	}
}

// With Sentinel the address is that of a Sentinel; others follow.
func Example_sentinel() {
	broker, err := redis.NewBroker(redis.BrokerConfig{
		URL: "redis://mails:secret@sentinel-1:26379?addr=sentinel-2:26379&addr=sentinel-3:26379&master_set=main",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = broker.Close() }()
}

// On a Cluster, Shards spreads the streams of a topic over nodes.
func Example_cluster() {
	broker, err := redis.NewBroker(redis.BrokerConfig{
		URL:    "redis://mails:secret@node-1:6379?addr=node-2:6379&addr=node-3:6379",
		Shards: 3, // the same in all processes of the system
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = broker.Close() }()
}

// What the URL cannot say is an option of the client.
func Example_client() {
	options, err := redis.ClientOptions("rediss://mails:secret@redis.internal:6379")
	if err != nil {
		log.Fatal(err)
	}
	options.ClientName = "mails"
	client, err := rueidis.NewClient(options)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close() // the broker does not
	broker, err := redis.NewBroker(redis.BrokerConfig{Client: client})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = broker.Close() }()
}
