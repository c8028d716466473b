package drivertest

import (
	"context"
	"time"

	"github.com/headrace/headrace/driver"
)

// faultyBroker is a broker as a process sees it.
type faultyBroker struct {
	driver.Broker
	process *process
}

func (b faultyBroker) Append(ctx context.Context, batches []driver.Batch) map[driver.Partition]error {
	if err := b.process.at(atAppend); err != nil {
		return failAll(batches, err)
	}
	offered := batches
	if b.process.faults.append != nil {
		offered = b.process.faults.append(batches)
	}
	failed := b.Broker.Append(ctx, offered)
	if err := b.process.at(atAppended); err != nil {
		return failAll(batches, err)
	}
	return failed
}

// Bound implements driver.Broker.
func (b faultyBroker) Bound() int {
	if b.process.faults.unfilled {
		return 0
	}
	return b.Broker.Bound()
}

func failAll(batches []driver.Batch, err error) map[driver.Partition]error {
	failed := map[driver.Partition]error{}
	for _, batch := range batches {
		failed[batch.Partition] = err
	}
	return failed
}

func (b faultyBroker) Reader(ctx context.Context, group string) (driver.Reader, error) {
	r, err := b.Broker.Reader(ctx, group)
	if err != nil {
		return nil, err
	}
	return faultyReader{r, b.process}, nil
}

type faultyReader struct {
	driver.Reader
	process *process
}

func (r faultyReader) Read(ctx context.Context, limit int, wait time.Duration) ([]driver.Batch, error) {
	if err := r.process.at(atRead); err != nil {
		return nil, err
	}
	if r.process.faults.read != nil {
		r.process.faults.read(limit)
	}
	batches, err := r.Reader.Read(ctx, limit, wait)
	if err == nil && r.process.faults.deliver != nil {
		batches = r.process.faults.deliver(r.Reader, batches)
	}
	if len(batches) > 0 {
		if err := r.process.at(atReceived); err != nil {
			return nil, err
		}
	}
	return batches, err
}

func (r faultyReader) Ack(ctx context.Context, batches []driver.Batch) error {
	if err := r.process.at(atAck); err != nil {
		return err
	}
	if err := r.Reader.Ack(ctx, batches); err != nil {
		return err
	}
	return r.process.at(atAcked)
}
