package headrace_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// stuckStore is a store in which cursors do not enter a new epoch as often as it was told.
type stuckStore struct {
	*memory.Store
	failures atomic.Int32
}

func (s *stuckStore) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := s.Store.Begin(ctx, o)
	return stuckTx{tx, s}, err
}

type stuckTx struct {
	driver.Tx
	store *stuckStore
}

func (tx stuckTx) Advance(ctx context.Context, group string, moves []driver.Advance) (int, error) {
	if moves[0].From.Epoch < moves[0].To.Epoch && tx.store.failures.Add(-1) >= 0 {
		return 0, errNoAnswer
	}
	return tx.Tx.Advance(ctx, group, moves)
}

func TestEpochThatCannotBeEnteredAtOnce(t *testing.T) {
	story(t, func(w *world) {
		w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
			w.say("%s %s", e.Position, e.Key)
			return nil
		})
		stop := w.start()
		w.publish("a", 1, 2, 3)
		time.Sleep(time.Second)
		stop()
		w.heard("1-1 a", "1-2 a", "1-3 a")

		restored := memory.NewStore(memory.StoreConfig{}) // from a backup made before the first event
		w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: restored, Owns: []headrace.Topic{notes}})
		stuck := &stuckStore{Store: w.read}
		stuck.failures.Store(2)
		reader := headrace.NewService(headrace.ServiceConfig{
			Name: "reader", Store: stuck, Handlers: []headrace.Handler{headrace.On(noted, w.handle)},
		})
		defer w.run(w.writer, reader)()
		w.publish("a", 4)
		time.Sleep(time.Minute)
		w.heard("2-1 a")
		w.bit(headrace.LostFuture, 3)
		if n := stuck.failures.Load(); n >= 0 {
			w.Errorf("%d of the failures did not happen", n)
		}
	})
}
