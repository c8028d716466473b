package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/headrace/headrace"
	archive "github.com/headrace/headrace/apps/shop/archive/contract"
	"github.com/headrace/headrace/driver"
)

const (
	hubBuffer  = 8192        // messages that wait for the hub; it only sorts them, so this is a second of a very busy shop
	feedBuffer = 64          // events that wait for one live timeline; an order has about twenty
	hubRetry   = time.Second // after live could not be listened to
)

// hub hears every event once, however many live timelines are open, and hands each to those it concerns. It never waits for one of them.
type hub struct {
	live    driver.Live
	stopped chan struct{} // closed when run has returned: nothing more will be heard

	mu    sync.Mutex
	feeds map[string]map[*feed]struct{} // by correlation id
}

// feed is what one live timeline hears: the events of one correlation id.
type feed struct {
	correlation string
	events      chan archive.Event
	missed      chan struct{} // something may have been missed: read the archive
}

func newHub(live driver.Live) *hub {
	return &hub{live: live, stopped: make(chan struct{}), feeds: map[string]map[*feed]struct{}{}}
}

// run listens until ctx ends.
func (h *hub) run(ctx context.Context, log *slog.Logger) {
	defer close(h.stopped)
	if h.live == nil {
		<-ctx.Done()
		return
	}
	for ctx.Err() == nil {
		err := h.listen(ctx)
		if err == nil {
			continue // it was too slow for its subscription: it listens again at once
		}
		log.WarnContext(ctx, "live is not to be heard; timelines are late until it is", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(hubRetry):
		}
	}
}

// listen hands out what one subscription hears, until that or ctx ends.
func (h *hub) listen(ctx context.Context) error {
	sub, err := h.live.Subscribe(headrace.LiveSubject("*", "*"), hubBuffer)
	if err != nil {
		return err
	}
	defer sub.Close()
	h.miss() // what happened since the subscription before
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, open := <-sub.Messages():
			if !open {
				return nil
			}
			h.hear(m)
		}
	}
}

func (h *hub) hear(m driver.LiveMessage) {
	h.mu.Lock()
	idle := len(h.feeds) == 0
	h.mu.Unlock()
	if idle {
		return
	}
	e, err := headrace.DecodeLive(m)
	if err != nil {
		return // not an event of ours; live is open to everybody
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for f := range h.feeds[e.CorrelationID] {
		select {
		case f.events <- heard(e.Metadata):
		default:
			f.miss()
		}
	}
}

func (h *hub) miss() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, feeds := range h.feeds {
		for f := range feeds {
			f.miss()
		}
	}
}

func (f *feed) miss() {
	select {
	case f.missed <- struct{}{}:
	default: // it has been told already
	}
}

// join begins to hear the events of a correlation id. Every feed is left again.
func (h *hub) join(correlation string) *feed {
	f := &feed{correlation: correlation, events: make(chan archive.Event, feedBuffer), missed: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.feeds[correlation] == nil {
		h.feeds[correlation] = map[*feed]struct{}{}
	}
	h.feeds[correlation][f] = struct{}{}
	return f
}

func (h *hub) leave(f *feed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.feeds[f.correlation], f)
	if len(h.feeds[f.correlation]) == 0 {
		delete(h.feeds, f.correlation)
	}
}
