package drivertest_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

// doubling appends what is at or below the top once more, under new positions.
type doubling struct {
	driver.Broker
	mu sync.Mutex
}

func (b *doubling) Append(ctx context.Context, batches []driver.Batch) map[driver.Partition]error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, batch := range batches {
		top, err := b.Top(ctx, batch.Partition)
		if err != nil {
			continue
		}
		again := driver.Batch{Partition: batch.Partition}
		for _, e := range batch.Entries {
			if !e.Position.After(top.Position) {
				e.Position = driver.Position{Epoch: top.Position.Epoch, Seq: top.Position.Seq + 1 + uint64(len(again.Entries))}
				again.Entries = append(again.Entries, e)
			}
		}
		if len(again.Entries) > 0 {
			b.Broker.Append(ctx, []driver.Batch{again})
		}
	}
	return b.Broker.Append(ctx, batches)
}

// swallowing looks at the stream once more when it was given up.
type swallowing struct{ driver.Reader }

func (r swallowing) Read(ctx context.Context, limit int, wait time.Duration) ([]driver.Batch, error) {
	batches, err := r.Reader.Read(ctx, limit, wait)
	if err != nil && ctx.Err() != nil {
		_, _ = r.Reader.Read(context.WithoutCancel(ctx), limit, 20*time.Millisecond) // what arrives now is gone
	}
	return batches, err
}

// sleepy looks once and then sleeps for most of its wait.
type sleepy struct{ driver.Reader }

func (r sleepy) Read(ctx context.Context, limit int, wait time.Duration) ([]driver.Batch, error) {
	batches, err := r.Reader.Read(ctx, limit, 0)
	if err != nil || len(batches) > 0 {
		return batches, err
	}
	ctx, cancel := context.WithTimeout(ctx, min(wait, 100*time.Millisecond))
	defer cancel()
	<-ctx.Done()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, nil
	}
	return nil, ctx.Err()
}

// skipping passes over what is acknowledged, whether it was read or not.
type skipping struct{ driver.Reader }

func (r skipping) Ack(ctx context.Context, batches []driver.Batch) error {
	for _, b := range batches {
		if err := r.Seek(ctx, b.Partition, b.Entries[len(b.Entries)-1].Position); err != nil {
			return err
		}
	}
	return nil
}
