package headrace_test

import (
	"context"
	"errors"
	"time"

	"github.com/headrace/headrace/driver"
)

var errDown = errors.New("it is down")

// faults decides what goes wrong between a world's services and their backends. An operation is named like "reader.commit" or "broker.top".
// What before refuses does not happen; what after refuses has happened, and the caller is told otherwise. Both are set before the start
// and called from many goroutines.
type faults struct {
	before, after func(operation string) error
}

func (f *faults) begin(operation string) error {
	if f.before == nil {
		return nil
	}
	return f.before(operation)
}

func (f *faults) end(operation string, err error) error {
	if f.after == nil || err != nil {
		return err
	}
	return f.after(operation)
}

// through runs an operation that returns something.
func through[T any](f *faults, operation string, do func() (T, error)) (T, error) {
	var none T
	if err := f.begin(operation); err != nil {
		return none, err
	}
	result, err := do()
	if err := f.end(operation, err); err != nil {
		return none, err
	}
	return result, nil
}

func (f *faults) plain(operation string, do func() error) error {
	_, err := through(f, operation, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// faultyStore is a store behind faults.
type faultyStore struct {
	driver.Store
	name   string
	faults *faults
}

func (s *faultyStore) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return through(s.faults, s.name+".begin", func() (driver.Tx, error) {
		tx, err := s.Store.Begin(ctx, o)
		return &faultyTx{tx, s}, err
	})
}

func (s *faultyStore) Number(ctx context.Context, fence uint64, limit int) (driver.Numbered, error) {
	return through(s.faults, s.name+".number", func() (driver.Numbered, error) { return s.Store.Number(ctx, fence, limit) })
}

func (s *faultyStore) Heads(ctx context.Context) (map[driver.Partition]driver.Position, error) {
	return through(s.faults, s.name+".heads", func() (map[driver.Partition]driver.Position, error) { return s.Store.Heads(ctx) })
}

func (s *faultyStore) ReadJournal(ctx context.Context, p driver.Partition, after driver.Position, limit, size int) (driver.Page, error) {
	return through(s.faults, s.name+".journal", func() (driver.Page, error) { return s.Store.ReadJournal(ctx, p, after, limit, size) })
}

func (s *faultyStore) Heartbeat(ctx context.Context, member string, ttl time.Duration) (driver.Membership, error) {
	return through(s.faults, s.name+".heartbeat", func() (driver.Membership, error) { return s.Store.Heartbeat(ctx, member, ttl) })
}

func (s *faultyStore) Acquire(ctx context.Context, g string, p driver.Partition, m string, ttl time.Duration) (driver.Lease, bool, error) {
	ok := false
	l, err := through(s.faults, s.name+".acquire", func() (l driver.Lease, err error) {
		l, ok, err = s.Store.Acquire(ctx, g, p, m, ttl)
		return l, err
	})
	return l, ok && err == nil, err
}

func (s *faultyStore) Release(ctx context.Context, group string, leases []driver.Lease) error {
	return s.faults.plain(s.name+".release", func() error { return s.Store.Release(ctx, group, leases) })
}

func (s *faultyStore) Cursors(ctx context.Context, group string, list []driver.Partition) ([]driver.Lease, error) {
	return through(s.faults, s.name+".cursors", func() ([]driver.Lease, error) { return s.Store.Cursors(ctx, group, list) })
}

func (s *faultyStore) Try(ctx context.Context, group string, l driver.Lease, p driver.Position) (int, error) {
	return through(s.faults, s.name+".try", func() (int, error) { return s.Store.Try(ctx, group, l, p) })
}

func (s *faultyStore) DueParked(ctx context.Context, group string, list []driver.Partition, limit int) (driver.ParkedSummary, error) {
	return through(s.faults, s.name+".due", func() (driver.ParkedSummary, error) { return s.Store.DueParked(ctx, group, list, limit) })
}

// faultyTx is a transaction behind faults.
type faultyTx struct {
	driver.Tx
	store *faultyStore
}

// Driver makes memory.State work on the transaction.
func (tx *faultyTx) Driver() driver.Tx { return tx.Tx }

func (tx *faultyTx) Advance(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	return through(tx.store.faults, tx.store.name+".advance", func() (int, error) { return tx.Tx.Advance(ctx, group, moves) })
}

func (tx *faultyTx) Park(ctx context.Context, group string, events []driver.Parked) error {
	return tx.store.faults.plain(tx.store.name+".park", func() error { return tx.Tx.Park(ctx, group, events) })
}

func (tx *faultyTx) Commit(ctx context.Context) error {
	return tx.store.faults.plain(tx.store.name+".commit", func() error { return tx.Tx.Commit(ctx) })
}

// faultyBroker is a broker behind faults.
type faultyBroker struct {
	driver.Broker
	faults *faults
	bound  int
}

func (b *faultyBroker) Append(ctx context.Context, batches []driver.Batch) map[driver.Partition]error {
	failed := map[driver.Partition]error{}
	if err := b.faults.begin("broker.append"); err != nil {
		for _, batch := range batches {
			failed[batch.Partition] = err
		}
		return failed
	}
	return b.Broker.Append(ctx, batches)
}

func (b *faultyBroker) Top(ctx context.Context, p driver.Partition) (driver.Entry, error) {
	return through(b.faults, "broker.top", func() (driver.Entry, error) { return b.Broker.Top(ctx, p) })
}

func (b *faultyBroker) Bound() int { return b.bound }

func (b *faultyBroker) Reader(ctx context.Context, group string) (driver.Reader, error) {
	return through(b.faults, "broker.reader", func() (driver.Reader, error) {
		r, err := b.Broker.Reader(ctx, group)
		return &faultyReader{r, b.faults}, err
	})
}

type faultyReader struct {
	driver.Reader
	faults *faults
}

func (r *faultyReader) Seek(ctx context.Context, p driver.Partition, after driver.Position) error {
	return r.faults.plain("broker.seek", func() error { return r.Reader.Seek(ctx, p, after) })
}

func (r *faultyReader) Read(ctx context.Context, limit int, wait time.Duration) ([]driver.Batch, error) {
	batches, err := through(r.faults, "broker.read", func() ([]driver.Batch, error) { return r.Reader.Read(ctx, limit, wait) })
	if len(batches) > 0 {
		if err := r.faults.end("broker.read with entries", nil); err != nil {
			return nil, err
		}
	}
	return batches, err
}
