package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	archive "github.com/headrace/headrace/apps/shop/archive/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

const (
	heartbeat    = 15 * time.Second       // so that proxies and browsers see that the stream is alive
	streamWrite  = 10 * time.Second       // a client that takes nothing for so long is dropped
	firstReread  = 500 * time.Millisecond // after the start and after every event; then the pause doubles
	lastReread   = 10 * time.Second       // live may lose messages; the archive does not
	quietAtEnd   = 2 * time.Second        // an order has ended when nothing was heard of it for so long after its last status
	longestTime  = 15 * time.Minute       // then the client comes back, which also checks its session
	reconnection = "retry: 2000\n\n"      // milliseconds
)

// stream is one live timeline: a client that hears what has happened to an order, and what happens, as server-sent events:
//
//	(no name)  an event of the timeline; its id is for Last-Event-ID
//	status     the order, whenever its status has changed
//	end        the order, once nothing more will happen; the client need not come back
type stream struct {
	gateway *Gateway
	session *session
	order   orders.Order
	told    orders.Order // as the client knows it
	has     *received
	quiet   *time.Timer // runs out when nothing new was heard for a while
	w       http.ResponseWriter
	control *http.ResponseController
}

// streamOrder answers with the live timeline of an order. A slow client costs nobody else anything: what does not fit into its feed is read
// again from the archive, and when it takes nothing at all it is dropped and can come back for the rest.
func (g *Gateway) streamOrder(w http.ResponseWriter, r *http.Request, s *session) error {
	if err := g.streams.enter(s.UserID); err != nil {
		return err
	}
	defer g.streams.leave(s.UserID)
	ctx, cancel := g.limited(r.Context())
	defer cancel()
	order, err := g.order(r.WithContext(ctx), s)
	if err != nil {
		return err
	}
	feed := g.hub.join(order.CorrelationID) // before the archive is read, so that nothing falls between
	defer g.hub.leave(feed)
	events, err := g.timeline(ctx, order)
	if err != nil {
		return err
	}
	st := &stream{
		gateway: g, session: s, order: order, has: parseReceived(r.Header.Get("Last-Event-ID")),
		quiet: time.NewTimer(quietAtEnd), w: w, control: http.NewResponseController(w),
	}
	defer st.quiet.Stop()
	if st.complete(events) {
		w.WriteHeader(http.StatusNoContent) // tells an EventSource to stay away
		return nil
	}
	st.begin()
	if r.Method == http.MethodHead {
		return nil
	}
	_ = st.follow(r.Context(), feed, events)                     // the client has gone, or the shop stops: there is nobody to tell
	_ = st.control.SetWriteDeadline(time.Now().Add(streamWrite)) // for the server's own last words
	return nil
}

// complete reports whether the client has come back although there is nothing more for it.
func (s *stream) complete(events []archive.Event) bool {
	if s.has.none() || !ended(s.order.Status) {
		return false
	}
	return !slices.ContainsFunc(events, func(e archive.Event) bool { return !s.has.marks[markOf(e)] })
}

func (s *stream) begin() {
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")           // nginx would hold events back
	_ = s.control.SetReadDeadline(time.Time{}) // nothing more is read; a deadline for reading would end the stream
	_, _ = s.w.Write([]byte(reconnection))     // the first flush tells whether anybody is there
}

// follow sends what has happened, and then what happens, until the order has ended. It fails when the client has gone or takes nothing.
func (s *stream) follow(ctx context.Context, feed *feed, events []archive.Event) error {
	ctx, cancel := context.WithTimeout(ctx, longestTime)
	defer cancel()
	if err := s.sendAll(events); err != nil {
		return err
	}
	pause := firstReread
	reread, beat := time.NewTimer(pause), time.NewTicker(heartbeat)
	defer reread.Stop()
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.gateway.hub.stopped:
			return nil
		case e := <-feed.events:
			err = s.hear(ctx, e)
			pause = firstReread // by then what the event leads to has changed the order
			reread.Reset(pause)
		case <-feed.missed:
			err = s.reread(ctx)
		case <-reread.C:
			err = s.reread(ctx)
			pause = min(2*pause, lastReread)
			reread.Reset(pause)
		case <-beat.C:
			err = s.send(": still here\n\n")
		case <-s.quiet.C:
			var last bool
			if last, err = s.rest(ctx); last {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// hear takes an event from live. One of the order's own may have changed its status.
func (s *stream) hear(ctx context.Context, e archive.Event) error {
	if e.Topic == orders.Topic.Name {
		if err := s.reload(ctx); err != nil {
			return err
		}
	}
	return s.sendAll([]archive.Event{e})
}

// reread sends what the archive knows and the client does not. A service that does not answer at this moment is asked again later.
func (s *stream) reread(ctx context.Context) error {
	asking, cancel := s.gateway.limited(ctx)
	defer cancel()
	events, err := s.gateway.timeline(asking, s.order)
	if err != nil {
		return ctx.Err()
	}
	if err := s.reload(ctx); err != nil {
		return err
	}
	return s.sendAll(events)
}

// reload asks how the order is now. When nobody answers, it is as it was.
func (s *stream) reload(ctx context.Context) error {
	asking, cancel := s.gateway.limited(ctx)
	defer cancel()
	order, err := s.gateway.config.Orders.GetOrder(asking, orders.GetOrder{OrderID: s.order.OrderID, UserID: s.session.owner()})
	if err != nil {
		return ctx.Err()
	}
	s.order = order
	s.order.Lines = listed(order.Lines)
	return nil
}

// sendAll sends those events that the client does not have, and the order if its status is news.
func (s *stream) sendAll(events []archive.Event) error {
	var text []byte
	for _, e := range events {
		if s.has.take(e) {
			text = appendMessage(text, "", s.has.lastEventID(), e)
			s.quiet.Reset(quietAtEnd)
		}
	}
	if news(s.told, s.order) {
		s.told = s.order
		text = appendMessage(text, "status", "", s.order)
	}
	if len(text) == 0 {
		return nil
	}
	return s.send(string(text))
}

// rest is called when it has been quiet for a while. If the order has ended and the archive knows of nothing more either, it sends the last
// message and reports true.
func (s *stream) rest(ctx context.Context) (last bool, err error) {
	s.quiet.Reset(quietAtEnd)
	before := len(s.has.marks)
	if !ended(s.told.Status) {
		return false, nil
	}
	if err := s.reread(ctx); err != nil || len(s.has.marks) > before {
		return false, err
	}
	return true, s.send(string(appendMessage(nil, "end", "", s.order)))
}

func (s *stream) send(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(streamWrite)) // not every ResponseWriter has deadlines; a real server's has
	if _, err := s.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("send to the client: %w", err)
	}
	return s.control.Flush()
}

func news(told, order orders.Order) bool {
	return told.Status != order.Status || told.Reason != order.Reason || told.Tracking != order.Tracking ||
		told.Cancellable != order.Cancellable || told.Cancelling != order.Cancelling
}

func appendMessage(text []byte, name, id string, value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		return text // strings, numbers and times only: it cannot happen
	}
	if name != "" {
		text = fmt.Appendf(text, "event: %s\n", name)
	}
	if id != "" {
		text = fmt.Appendf(text, "id: %s\n", id)
	}
	return fmt.Appendf(text, "data: %s\n\n", data)
}
