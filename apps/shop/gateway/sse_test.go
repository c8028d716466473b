package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	archive "github.com/headrace/headrace/apps/shop/archive/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// listener is a client of a live timeline, in a bubble.
type listener struct {
	*httptest.ResponseRecorder
	stop context.CancelFunc
	done chan struct{}

	mu   sync.Mutex
	text strings.Builder
	fail error // what Write returns
}

func (l *listener) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return 0, l.fail
	}
	return l.text.Write(b)
}

// message is one that a stream has sent.
type message struct{ name, id, data string }

// received is all that has arrived so far.
func (l *listener) received() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// messages are those received so far, without heartbeats.
func (l *listener) messages() (list []message) {
	for block := range strings.SplitSeq(l.received(), "\n\n") {
		var m message
		for line := range strings.SplitSeq(block, "\n") {
			switch field, value, _ := strings.Cut(line, ": "); field {
			case "event":
				m.name = value
			case "id":
				m.id = value
			case "data":
				m.data = value
			}
		}
		if m.data != "" {
			list = append(list, m)
		}
	}
	return list
}

// events are the ids of the timeline's events received so far.
func (l *listener) events() (ids []string) {
	for _, m := range l.messages() {
		if m.name == "" {
			_, rest, _ := strings.Cut(m.data, `"id":"`)
			id, _, _ := strings.Cut(rest, `"`)
			ids = append(ids, id)
		}
	}
	return ids
}

// bubble is a gateway that follows live, in a bubble of fake time.
type bubble struct {
	*shop
	gateway *Gateway
	order   orders.Order
}

// inBubble runs a test in a bubble, with Ann's order in the shop. All streams must have ended when it returns.
func inBubble(t *testing.T, test func(t *testing.T, b bubble)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShop()
		g := newGateway(t, s, func(c *Config) { c.Clock = nil })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { g.Run(ctx) })
		synctest.Wait()
		test(t, bubble{s, g, s.place(t)})
		cancel()
		running.Wait()
	})
}

// listen opens the order's stream, as Ann.
func (b bubble) listen(t *testing.T, lastEventID string) *listener {
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/orders/"+b.order.OrderID+"/events", nil)
	r.Header.Set("Authorization", "Bearer ann")
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	l := &listener{ResponseRecorder: httptest.NewRecorder(), stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		b.gateway.ServeHTTP(l, r)
	}()
	synctest.Wait()
	return l
}

func (l *listener) leave() {
	l.stop()
	<-l.done
}

func wantEvents(t *testing.T, l *listener, want ...string) {
	t.Helper()
	if got := l.events(); !slices.Equal(got, want) {
		t.Errorf("events are %v, want %v", got, want)
	}
}

func TestStreamTellsPastAndPresent(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		b.happen(b.order, "order.placed", "")
		l := b.listen(t, "")
		defer l.leave()
		wantEvents(t, l, "event-1")
		start := time.Now()
		b.tell(t, b.happen(b.order, "order.confirmed", orders.StatusConfirmed))
		synctest.Wait()
		wantEvents(t, l, "event-1", "event-2")
		if time.Since(start) > 0 {
			t.Error("an event was not told at once")
		}
		last := l.messages()
		if m := last[len(last)-1]; m.name != "status" || !strings.Contains(m.data, `"status":"confirmed"`) {
			t.Errorf("the last message is %+v, want the new status", m)
		}
		if !strings.Contains(last[0].data, `"topic":"orders"`) || !strings.Contains(last[0].data, `"correlation_id":"c-order-1"`) {
			t.Errorf("an event is told as %s", last[0].data)
		}
		if h := l.Header(); h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("headers are %v", h)
		}
	})
}

func TestStreamIsOfOneOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		defer l.leave()
		b.tell(t, archive.Event{ID: "other", Topic: "orders", Type: "order.placed", Version: 1, Key: "x", CorrelationID: "c-x", Position: "1-1"})
		if err := b.live.Publish(t.Context(), "event.orders.noise", []byte("no event")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantEvents(t, l)
	})
}

// What live lost comes from the archive, and nothing comes twice.
func TestStreamReadsWhatLiveLost(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		defer l.leave()
		first := b.happen(b.order, "order.placed", "")
		b.tell(t, b.happen(b.order, "order.confirmed", ""))
		synctest.Wait()
		wantEvents(t, l, "event-2")
		time.Sleep(firstReread)
		synctest.Wait()
		wantEvents(t, l, "event-2", "event-1")
		b.tell(t, first)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantEvents(t, l, "event-2", "event-1")
	})
}

func TestStreamResumesExactly(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		missed := b.happen(b.order, "order.placed", "")
		b.tell(t, b.happen(b.order, "order.confirmed", ""))
		synctest.Wait()
		l.leave() // with the second, without the first
		wantEvents(t, l, "event-2")
		b.happen(b.order, "payment.captured", "")
		l = b.listen(t, l.messages()[1].id)
		wantEvents(t, l, missed.ID, "event-3")
		last := l.messages()[1].id
		l.leave()
		l = b.listen(t, last)
		wantEvents(t, l)
		l.leave()
		for _, strange := range []string{"no id", "event-1", strings.Repeat("A", 8*(maxTimeline+1))} {
			l = b.listen(t, strange)
			wantEvents(t, l, "event-1", "event-2", "event-3")
			l.leave()
		}
	})
}

func TestStreamEndsWithTheOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		b.tell(t, b.happen(b.order, "order.fulfilled", orders.StatusFulfilled))
		time.Sleep(quietAtEnd - time.Millisecond)
		mail := b.happen(b.order, "notification.sent", "") // the archive knows, live does not
		synctest.Wait()
		select {
		case <-l.done:
			t.Error("the stream has ended before it was quiet")
		default:
		}
		<-l.done
		wantEvents(t, l, "event-1", mail.ID)
		list := l.messages()
		if m := list[len(list)-1]; m.name != "end" || !strings.Contains(m.data, `"status":"fulfilled"`) {
			t.Errorf("the last message is %+v", m)
		}
		last := list[slices.IndexFunc(list, func(m message) bool { return strings.Contains(m.data, mail.ID) })].id
		if l := b.listen(t, last); l.Code != http.StatusNoContent || l.received() != "" {
			t.Errorf("a client that has everything gets %d and %q, want 204", l.Code, l.received())
		}
		l = b.listen(t, "") // somebody new still gets everything
		<-l.done
		wantEvents(t, l, "event-1", mail.ID)
	})
}

func TestStreamShowsThatItIsAlive(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		time.Sleep(longestTime - time.Second)
		synctest.Wait()
		if n := strings.Count(l.received(), ": still here\n\n"); n != int(longestTime/heartbeat)-1 {
			t.Errorf("%d heartbeats in a quarter of an hour", n)
		}
		<-l.done // it ends by itself, so that sessions are checked again
	})
}

// A client that does not read fast enough misses nothing: the overflow is read again.
func TestStreamThatOverflows(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		defer l.leave()
		l.mu.Lock() // the client takes nothing
		const many = 3 * feedBuffer
		for range many {
			b.tell(t, b.happen(b.order, "order.noted", ""))
		}
		l.mu.Unlock()
		synctest.Wait() // at once: the overflow itself is what makes the stream read again
		got := l.events()
		if slices.Sort(got); len(got) != many || len(slices.Compact(got)) != many {
			t.Errorf("%d events arrived, %d different ones; want %d", len(l.events()), len(got), many)
		}
	})
}

func TestStreamDropsAClientThatIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		l.mu.Lock()
		l.fail = errors.New("connection reset")
		l.mu.Unlock()
		<-l.done
		if b.gateway.streams.count() != 0 || len(b.gateway.hub.feeds) != 0 {
			t.Errorf("left behind: %d streams, %d feeds", b.gateway.streams.count(), len(b.gateway.hub.feeds))
		}
	})
}

func TestStreamsAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		b.gateway.streams = newStreamLimit(10, 1)
		l := b.listen(t, "")
		refused := b.listen(t, "")
		if <-refused.done; refused.Code != http.StatusTooManyRequests || refused.Header().Get("Retry-After") != "5" {
			t.Errorf("one stream too many gets %d", refused.Code)
		}
		l.leave()
		l = b.listen(t, "")
		if l.Code != http.StatusOK {
			t.Errorf("after one has left, the next gets %d", l.Code)
		}
		l.leave()
	})
}

func TestStreamOutlivesAServiceThatDoesNotAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		defer l.leave()
		b.mu.Lock()
		b.fail["Timeline"], b.fail["GetOrder"] = errors.New("down"), errors.New("down")
		b.mu.Unlock()
		b.tell(t, b.happen(b.order, "order.confirmed", orders.StatusConfirmed))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		wantEvents(t, l, "event-1")
		b.mu.Lock()
		clear(b.fail)
		b.mu.Unlock()
		b.happen(b.order, "order.fulfilled", orders.StatusFulfilled)
		time.Sleep(lastReread)
		synctest.Wait()
		wantEvents(t, l, "event-1", "event-2")
	})
}

// live that ends, such as a server that restarts, is listened to again, and nothing is missing afterwards.
func TestHubListensAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		defer l.leave()
		b.gateway.hub.mu.Lock() // so that the hub cannot keep up with live, and loses its subscription
		for range hubBuffer + 2 {
			b.tell(t, archive.Event{ID: "x", Topic: "orders", Type: "x", Version: 1, Key: "x", CorrelationID: "x", Position: "1-1"})
		}
		lost := b.happen(b.order, "order.placed", "")
		b.gateway.hub.mu.Unlock()
		synctest.Wait()
		wantEvents(t, l, lost.ID) // at once, because the hub says that something may be missing
		b.tell(t, b.happen(b.order, "order.confirmed", ""))
		synctest.Wait()
		wantEvents(t, l, lost.ID, "event-2")
	})
}

func TestStreamSurvivesAServiceThatHangs(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		l := b.listen(t, "")
		defer l.leave()
		b.mu.Lock()
		b.hang = map[string]bool{"Timeline": true, "GetOrder": true}
		b.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := strings.Count(l.received(), ": still here"); n < 2 {
			t.Errorf("%d heartbeats in a minute", n)
		}
		refused := b.listen(t, "")
		if <-refused.done; refused.Code != http.StatusServiceUnavailable {
			t.Errorf("a new client gets %d", refused.Code)
		}
	})
}

func TestHeadOfAStreamIsShort(t *testing.T) {
	inBubble(t, func(t *testing.T, b bubble) {
		start := time.Now()
		c := newClient(t, b.gateway).as("ann")
		c.send("HEAD", "/api/v1/orders/"+b.order.OrderID+"/events", "", "")
		if got := c.answer.Header().Get("Content-Type"); c.answer.Code != http.StatusOK || got != "text/event-stream" {
			t.Errorf("answer is %d, %s", c.answer.Code, got)
		}
		if passed := time.Since(start); passed > 0 {
			t.Errorf("it took %s", passed)
		}
	})
}

func TestStreamTakesTheCookie(t *testing.T) {
	t.Parallel()
	s := newShop()
	order := s.place(t)
	c := newClient(t, newGateway(t, s)).signedIn("bob")
	c.get("/api/v1/orders/" + order.OrderID + "/events")
	c.wantProblem(404, "order_not_found") // Bob is known, and it is not his
}
