package headrace_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

var errNoAnswer = errors.New("no answer")

// deafStore is a store whose connection breaks at some calls.
type deafStore struct {
	*memory.Store
	loseAcquired atomic.Int32 // how many leases of partitions are taken without the answer being heard
	loseReleases atomic.Int32 // how many times partitions are to be given back without the store hearing it
	lost         atomic.Int32
}

func (s *deafStore) Acquire(ctx context.Context, group string, p driver.Partition, m string, ttl time.Duration) (driver.Lease, bool, error) {
	lease, ok, err := s.Store.Acquire(ctx, group, p, m, ttl)
	if ok && p.Topic == notes.Name && s.loseAcquired.Add(-1) >= 0 {
		s.lost.Add(1)
		return driver.Lease{}, false, errNoAnswer
	}
	return lease, ok, err
}

func (s *deafStore) Release(ctx context.Context, group string, leases []driver.Lease) error {
	if group != driver.RelayGroup && s.loseReleases.Add(-1) >= 0 {
		s.lost.Add(1)
		return errNoAnswer
	}
	return s.Store.Release(ctx, group, leases)
}

// deafWorld makes a world whose reader's store can be deaf.
func deafWorld(w *world) (*deafStore, func() *headrace.Service) {
	store := &deafStore{Store: w.read}
	w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
	reader := func() *headrace.Service {
		handler := headrace.On(noted, func(context.Context, *headrace.Tx, headrace.Event[note]) error { return nil })
		return headrace.NewService(headrace.ServiceConfig{Name: "reader", Store: store, Handlers: []headrace.Handler{handler}})
	}
	return store, reader
}

// oneInEach are keys, one in each partition of notes.
var oneInEach = []string{"a", "b", "c", "d"}

func TestOneInEach(t *testing.T) {
	t.Parallel()
	for i, key := range oneInEach {
		if n := notes.Partition(key); n != i {
			t.Errorf("key %s is in partition %d", key, n)
		}
	}
}

func TestLostAnswerToTakingALease(t *testing.T) {
	story(t, func(w *world) {
		store, reader := deafWorld(w)
		store.loseAcquired.Store(2)
		defer w.run(w.writer, reader())()
		for _, key := range oneInEach {
			w.publish(key, 1)
		}
		time.Sleep(10 * time.Second)
		w.bit(headrace.Applied, 4)
		if n := store.lost.Load(); n != 2 {
			w.Errorf("%d answers were lost, want 2", n)
		}
	})
}

func TestLeaseThatCannotBeGivenBack(t *testing.T) {
	story(t, func(w *world) {
		store, reader := deafWorld(w)
		defer w.run(w.writer, reader())()
		time.Sleep(5 * time.Second)
		store.loseReleases.Store(1)
		defer w.run(reader())() // the first member has to give half of its partitions to this one
		time.Sleep(10 * time.Second)
		for _, key := range oneInEach {
			w.publish(key, 1)
		}
		time.Sleep(10 * time.Second)
		w.bit(headrace.Applied, 4)
		if n := store.lost.Load(); n != 1 {
			w.Errorf("%d leases could not be given back, want 1", n)
		}
	})
}
