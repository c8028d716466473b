package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// pipes is a listener whose connections are pipes, so that a real server runs in a bubble of fake time.
type pipes struct {
	connections chan net.Conn
	once        sync.Once
	closed      chan struct{}
}

func newPipes() *pipes {
	return &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// wire is the client's end of a connection. It is closed when the test ends.
type wire struct{ net.Conn }

func (p *pipes) dial(t *testing.T) wire {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	p.connections <- server
	return wire{client}
}

func (w wire) say(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// serveInBubble runs a test against a served gateway in a bubble.
func serveInBubble(t *testing.T, test func(t *testing.T, s *shop, g *Gateway, p *pipes)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := newShop(), newPipes()
		g := newGateway(t, s, func(c *Config) { c.Clock = nil })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Serve(ctx, p) }()
		test(t, s, g, p)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})
}

func TestSlowReaderIsDropped(t *testing.T) {
	serveInBubble(t, func(t *testing.T, s *shop, g *Gateway, p *pipes) {
		order := s.place(t)
		c := p.dial(t)
		c.say(t, fmt.Sprintf("GET /api/v1/orders/%s/events HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer ann\r\n\r\n", order.OrderID))
		text := bufio.NewReader(c)
		for line := ""; !strings.HasPrefix(line, "event: status"); {
			var err error
			if line, err = text.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if g.streams.count() != 1 {
			t.Fatalf("%d streams are open, want 1", g.streams.count())
		}
		s.tell(t, s.happen(order, "order.confirmed", orders.StatusConfirmed)) // which the client does not take
		time.Sleep(streamWrite - time.Second)
		synctest.Wait()
		if g.streams.count() != 1 {
			t.Error("the client was dropped too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if g.streams.count() != 0 {
			t.Error("the client that takes nothing keeps its stream")
		}
	})
}

// The server's last words reach a client to whom nothing was said for longer than a write may take.
func TestQuietStreamEndsWell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := newShop(), newPipes()
		g := newGateway(t, s, func(c *Config) { c.Clock = nil })
		order := s.place(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Serve(ctx, p) }()
		c := p.dial(t)
		c.say(t, fmt.Sprintf("GET /api/v1/orders/%s/events HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer ann\r\n\r\n", order.OrderID))
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		ended := make(chan error, 1)
		go func() {
			_, err := io.ReadAll(answer.Body)
			ended <- err
		}()
		time.Sleep(heartbeat + streamWrite + time.Second)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the stream was cut, not ended: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})
}

func TestSlowSenderIsDropped(t *testing.T) {
	serveInBubble(t, func(t *testing.T, _ *shop, _ *Gateway, p *pipes) {
		for sent, limit := range map[string]time.Duration{
			"GET /healthz HTTP/1.1\r\nHost:": headerTimeout,
			"POST /api/v1/auth/login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{": readTimeout,
		} {
			c := p.dial(t)
			start := time.Now()
			c.say(t, sent)
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if passed := time.Since(start); passed < limit || passed > limit+time.Second {
				t.Errorf("a client that sends %q and no more is dropped after %s, want %s", sent, passed, limit)
			}
			if err == nil {
				if err := answer.Body.Close(); err != nil {
					t.Error(err)
				}
				if answer.StatusCode != http.StatusBadRequest {
					t.Errorf("answer is %d", answer.StatusCode)
				}
			}
		}
	})
}
