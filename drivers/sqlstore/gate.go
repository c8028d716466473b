package sqlstore

import (
	"context"
	"sync"

	"github.com/headrace/headrace/driver"
)

// gate counts what is under way in a store, so that closing can wait for it, and makes writers queue where there is only one at a time.
type gate struct {
	turn   chan struct{} // holds an element while there is a writer; nil: writers do not queue
	seats  chan struct{} // holds an element for each transaction of the service; nil: there is no limit
	closed chan struct{} // closed when nobody may enter any more

	mu    sync.Mutex
	shut  bool
	under sync.WaitGroup
}

func newGate(queue bool, seats int) *gate {
	g := &gate{closed: make(chan struct{})}
	if seats > 0 {
		g.seats = make(chan struct{}, seats)
	}
	if queue {
		g.turn = make(chan struct{}, 1)
	}
	return g
}

// enter waits for the turn of a writer, in the order of coming; readers do not wait. Every successful enter is followed by one leave.
func (g *gate) enter(ctx context.Context, writer bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	if g.shut {
		g.mu.Unlock()
		return driver.ErrClosed
	}
	g.under.Add(1)
	g.mu.Unlock()
	if !writer || g.turn == nil {
		return nil
	}
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		g.under.Done()
		return ctx.Err()
	case <-g.closed:
		g.under.Done()
		return driver.ErrClosed
	}
}

func (g *gate) leave(writer bool) {
	if writer && g.turn != nil {
		<-g.turn
	}
	g.under.Done()
}

// sit waits until there is room for one more transaction of the service. Every successful sit is followed by one stand.
func (g *gate) sit(ctx context.Context) error {
	if g.seats == nil {
		return nil
	}
	select {
	case g.seats <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-g.closed:
		return driver.ErrClosed
	}
}

func (g *gate) stand() {
	if g.seats != nil {
		<-g.seats
	}
}

// close lets nobody in any more, sends away who queues, and waits for the others.
func (g *gate) close() {
	g.mu.Lock()
	if !g.shut {
		g.shut = true
		close(g.closed)
	}
	g.mu.Unlock()
	g.under.Wait()
}
