package faulttest

import (
	"context"
	"database/sql"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/headrace/headrace/driver"
)

// The named points of the engine's work, seen from outside: between it and its backends.
const (
	beforeCommit = "before commit" // of a service's transaction
	afterCommit  = "after commit"
	afterNumber  = "after numbering" // between the relay's commit and its append
	afterAppend  = "after append"
	beforeAck    = "before ack"
)

// trap is a point where a node ends or stops: by itself, so that it is really there.
type trap struct {
	Service string // source or sink: whose transactions, for the first three points; else empty
	Point   string // empty: none
	After   int    // how often the node comes by unharmed before
	Stop    bool   // SIGSTOP instead of SIGKILL
}

// traps is a node's trap.
type traps struct {
	mu   sync.Mutex
	is   trap
	left int
	been int
}

func newTraps() *traps { return &traps{} }

func (t *traps) set(is trap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.is, t.left = is, is.After
}

func (t *traps) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.been
}

// pass is called at every point.
func (t *traps) pass(service, point string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.is.Point != point || t.is.Service != service {
		return
	}
	if t.left--; t.left >= 0 {
		return
	}
	end := syscall.SIGKILL
	if t.is.Stop {
		end = syscall.SIGSTOP
	}
	t.is = trap{}
	t.been++
	_ = syscall.Kill(os.Getpid(), end)  // what it does to us is seen from outside
	<-time.After(20 * time.Millisecond) // a signal to oneself may take a moment
}

// What stands between the engine and its backends offers all that they do, or else nodes would not work as real processes do.
var (
	_ driver.ConflictChecker = trappedStore{}
	_ driver.SQLTx           = trappedTx{}
	_ driver.LossChecker     = trappedTx{}
	_ driver.TopsReader      = trappedBroker{}
)

// trappedStore is a store with the points of its service.
type trappedStore struct {
	driver.Store
	service string
	traps   *traps
}

// Conflict implements driver.ConflictChecker.
func (s trappedStore) Conflict(err error) bool { return s.Store.(driver.ConflictChecker).Conflict(err) }

func (s trappedStore) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := s.Store.Begin(ctx, o)
	if err != nil || o.ReadOnly {
		return tx, err
	}
	return trappedTx{tx, s}, nil
}

func (s trappedStore) Number(ctx context.Context, fence uint64, limit int) (driver.Numbered, error) {
	n, err := s.Store.Number(ctx, fence, limit)
	if err == nil && len(n.Batches) > 0 {
		s.traps.pass(s.service, afterNumber)
	}
	return n, err
}

type trappedTx struct {
	driver.Tx
	store trappedStore
}

// SQL implements driver.SQLTx.
func (t trappedTx) SQL() *sql.Tx { return t.Tx.(driver.SQLTx).SQL() }

// Lost implements driver.LossChecker.
func (t trappedTx) Lost() bool { return t.Tx.(driver.LossChecker).Lost() }

func (t trappedTx) Commit(ctx context.Context) error {
	t.store.traps.pass(t.store.service, beforeCommit)
	if err := t.Tx.Commit(ctx); err != nil {
		return err
	}
	t.store.traps.pass(t.store.service, afterCommit)
	return nil
}

// trappedBroker is a broker with its points.
type trappedBroker struct {
	driver.Broker
	traps *traps
}

// Tops implements driver.TopsReader.
func (b trappedBroker) Tops(ctx context.Context, p []driver.Partition) (map[driver.Partition]driver.Entry, error) {
	return b.Broker.(driver.TopsReader).Tops(ctx, p)
}

func (b trappedBroker) Append(ctx context.Context, batches []driver.Batch) map[driver.Partition]error {
	failed := b.Broker.Append(ctx, batches)
	b.traps.pass("", afterAppend)
	return failed
}

func (b trappedBroker) Reader(ctx context.Context, group string) (driver.Reader, error) {
	r, err := b.Broker.Reader(ctx, group)
	if err != nil {
		return nil, err
	}
	return trappedReader{r, b.traps}, nil
}

type trappedReader struct {
	driver.Reader
	traps *traps
}

func (r trappedReader) Ack(ctx context.Context, batches []driver.Batch) error {
	r.traps.pass("", beforeAck)
	return r.Reader.Ack(ctx, batches)
}
