package drivertest_test

import (
	"context"
	"errors"

	"github.com/headrace/headrace/driver"
)

// leakyOutbox takes no more messages than one statement can.
type leakyOutbox struct{ plainTx }

func (tx leakyOutbox) Publish(ctx context.Context, messages []driver.Message) error {
	if len(messages) > 1000 {
		messages = messages[:1000]
	}
	return tx.Tx.Publish(ctx, messages)
}

// stubborn commits what is rolled back.
type stubborn struct {
	plainTx
	done bool
}

func (tx *stubborn) Commit(ctx context.Context) error {
	if tx.done {
		return errors.New("transaction is over")
	}
	tx.done = true
	return tx.Tx.Commit(ctx)
}

func (tx *stubborn) Rollback(ctx context.Context) error {
	if !tx.done {
		tx.done = true
		_ = tx.Tx.Commit(ctx) // what cannot be committed is lost as it should be
	}
	return tx.Tx.Rollback(ctx)
}

// backwards returns queues from their end.
type backwards struct{ plainTx }

func (tx backwards) Queue(ctx context.Context, group string, p driver.Partition, key string, limit int) ([]driver.Parked, error) {
	queue, err := tx.Tx.Queue(ctx, group, p, key, limit)
	for i, j := 0, len(queue)-1; i < j; i, j = i+1, j-1 {
		queue[i], queue[j] = queue[j], queue[i]
	}
	return queue, err
}

// forgetful knows of no key that is held.
type forgetful struct{ plainTx }

func (tx forgetful) Held(context.Context, string, map[driver.Partition][]string) (map[driver.Partition][]string, error) {
	return nil, nil
}
