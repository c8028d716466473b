package headrace_test

import (
	"context"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// forgetful is a store whose journal lost its first two events, and says so.
type forgetful struct{ *memory.Store }

func (s forgetful) ReadJournal(ctx context.Context, p driver.Partition, after driver.Position, limit, size int) (driver.Page, error) {
	page, err := s.Store.ReadJournal(ctx, p, after, limit, size)
	if lost := (driver.Position{Epoch: 1, Seq: 2}); page.Head.After(lost) && lost.After(after) {
		page.Lost, page.Entries = lost, nil
	}
	return page, err
}

func TestWhatIsLostForGoodIsCountedAndPassed(t *testing.T) {
	for name, apart := range map[string]bool{"in one process": false, "in two": true} {
		t.Run(name, func(t *testing.T) { story(t, func(w *world) { passesWhatIsLost(w, apart) }) })
	}
}

func passesWhatIsLost(w *world, apart bool) {
	listen(w)
	w.live = memory.NewLive()
	w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: w.written, Owns: []headrace.Topic{notes}})
	stop := w.run(w.writer)
	w.publish("a", 1, 2, 3, 4)
	time.Sleep(time.Second)
	stop()
	w.broker = memory.NewBroker(memory.BrokerConfig{})
	w.writer = headrace.NewService(headrace.ServiceConfig{Name: "writer", Store: forgetful{w.written}, Owns: []headrace.Topic{notes}})
	reader := headrace.NewService(headrace.ServiceConfig{
		Name: "reader", Store: w.read, Handlers: []headrace.Handler{headrace.On(noted, w.handle)},
	})
	if apart {
		defer w.run(w.writer)()
		defer w.run(reader)()
	} else {
		defer w.run(w.writer, reader)()
	}
	time.Sleep(time.Minute)
	w.heard("a3", "a4")
	w.bit(headrace.Lost, 2)
	w.bit(headrace.Stalled, 0)
}
