package main

import (
	"context"
	stdsql "database/sql"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/components/cqrs"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/redis/go-redis/v9"

	"github.com/headrace/headrace/docs/guides/watermill/shop"
)

// newRouter runs handlers. The order of its middleware matters: what is not caught further in reaches what is further out.
func newRouter(poison message.Publisher, log watermill.LoggerAdapter) (*message.Router, error) {
	router, err := message.NewRouter(message.RouterConfig{}, log)
	if err != nil {
		return nil, err
	}
	poisonQueue, err := middleware.PoisonQueue(poison, "poison")
	if err != nil {
		return nil, err
	}
	retry := middleware.Retry{
		MaxRetries: 4, InitialInterval: 200 * time.Millisecond, MaxInterval: time.Minute, Multiplier: 2, RandomizationFactor: 0.5, Logger: log,
	}
	router.AddMiddleware(poisonQueue, retry.Middleware, middleware.Recoverer)
	return router, nil
}

// addHandlers adds the handlers, each with a consumer group of its own.
func addHandlers(router *message.Router, db *stdsql.DB, client redis.UniversalClient, log watermill.LoggerAdapter) error {
	processor, err := cqrs.NewEventProcessorWithConfig(router, cqrs.EventProcessorConfig{
		GenerateSubscribeTopic: func(p cqrs.EventProcessorGenerateSubscribeTopicParams) (string, error) { return p.EventName, nil },
		SubscriberConstructor: func(p cqrs.EventProcessorSubscriberConstructorParams) (message.Subscriber, error) {
			return redisstream.NewSubscriber(redisstream.SubscriberConfig{Client: client, ConsumerGroup: p.HandlerName}, log)
		},
		Marshaler: marshaler, Logger: log,
	})
	if err != nil {
		return err
	}
	return processor.AddHandlers(
		cqrs.NewEventHandler("payments", func(ctx context.Context, o *shop.OrderPlaced) error {
			return once(ctx, db, "payments", func(tx *stdsql.Tx) error { return authorise(ctx, tx, *o, log) })
		}),
		cqrs.NewEventHandler("mails", func(ctx context.Context, p *shop.PaymentAuthorised) error {
			return once(ctx, db, "mails", func(*stdsql.Tx) error { return shop.Mail(ctx, *p) })
		}),
	)
}

// once runs a function in a transaction, unless the message was handled before.
func once(ctx context.Context, db *stdsql.DB, handler string, fn func(*stdsql.Tx) error) error {
	return inTx(ctx, db, func(tx *stdsql.Tx) error {
		done, err := tx.ExecContext(ctx, `INSERT INTO handled (handler, message) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			handler, cqrs.OriginalMessageFromCtx(ctx).UUID)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return fn(tx)
	})
}

// authorise asks the provider, records the answer and publishes it.
func authorise(ctx context.Context, tx *stdsql.Tx, o shop.OrderPlaced, log watermill.LoggerAdapter) error {
	if err := shop.Authorise(ctx, cqrs.OriginalMessageFromCtx(ctx).UUID, o); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO payments (order_id) VALUES ($1)`, o.OrderID); err != nil {
		return err
	}
	bus, err := busIn(tx, log)
	if err != nil {
		return err
	}
	return bus.Publish(ctx, &shop.PaymentAuthorised{OrderID: o.OrderID, Customer: o.Customer})
}
