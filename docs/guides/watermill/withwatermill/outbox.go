package main

import (
	"context"
	stdsql "database/sql"
	"fmt"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/components/cqrs"
	"github.com/ThreeDotsLabs/watermill/components/forwarder"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/headrace/headrace/docs/guides/watermill/shop"
)

const outboxTopic = "outbox"

var marshaler = cqrs.JSONMarshaler{GenerateName: cqrs.StructName}

// busIn publishes in a transaction: into the outbox's table, in an envelope that tells the forwarder where it is to go.
func busIn(tx *stdsql.Tx, log watermill.LoggerAdapter) (*cqrs.EventBus, error) {
	table, err := sql.NewPublisher(sql.TxFromStdSQL(tx), sql.PublisherConfig{SchemaAdapter: sql.DefaultPostgreSQLSchema{}}, log)
	if err != nil {
		return nil, err
	}
	outbox := forwarder.NewPublisher(table, forwarder.PublisherConfig{ForwarderTopic: outboxTopic})
	return cqrs.NewEventBusWithConfig(outbox, cqrs.EventBusConfig{
		GeneratePublishTopic: func(p cqrs.GenerateEventPublishTopicParams) (string, error) { return p.EventName, nil },
		Marshaler:            marshaler, Logger: log,
	})
}

// newForwarder moves what is in the outbox to Redis.
func newForwarder(db *stdsql.DB, redis message.Publisher, log watermill.LoggerAdapter) (*forwarder.Forwarder, error) {
	table, err := sql.NewSubscriber(sql.BeginnerFromStdSQL(db), sql.SubscriberConfig{
		SchemaAdapter: sql.DefaultPostgreSQLSchema{}, OffsetsAdapter: sql.DefaultPostgreSQLOffsetsAdapter{}, InitializeSchema: true,
	}, log)
	if err != nil {
		return nil, err
	}
	if err := table.SubscribeInitialize(outboxTopic); err != nil { // a publisher in a transaction cannot make the table
		return nil, err
	}
	return forwarder.NewForwarder(table, redis, log, forwarder.Config{ForwarderTopic: outboxTopic})
}

// place writes the order and the event in one transaction.
func place(ctx context.Context, db *stdsql.DB, o shop.OrderPlaced, log watermill.LoggerAdapter) error {
	return inTx(ctx, db, func(tx *stdsql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO orders (id, customer, total) VALUES ($1, $2, $3)`, o.OrderID, o.Customer, o.Total); err != nil {
			return err
		}
		bus, err := busIn(tx, log)
		if err != nil {
			return err
		}
		return bus.Publish(ctx, &o)
	})
}

func inTx(ctx context.Context, db *stdsql.DB, fn func(*stdsql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it is committed, or there is nothing to keep
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
