package redis_test

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a broker and its server. It can swallow answers: the server has done what it was asked, and who asked never hears of
// it, because the connection breaks first.
type proxy struct {
	listener net.Listener
	server   string
	running  sync.WaitGroup

	mu        sync.Mutex
	conns     map[net.Conn]bool
	word      []byte // in what was asked
	left      int    // how many answers are still to be swallowed
	swallowed int
}

func startProxy(t testing.TB, server string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, server: server, conns: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for c := range p.conns {
			_ = c.Close()
		}
		p.conns = nil
		p.mu.Unlock()
		p.running.Wait()
	})
	return p
}

func (p *proxy) url() string { return "redis://" + p.listener.Addr().String() }

// swallow makes the proxy swallow the next answers to commands with a word in them.
func (p *proxy) swallow(word string, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.word, p.left, p.swallowed = []byte(word), times, 0
}

func (p *proxy) hasSwallowed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.swallowed
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.join(client, server)
	}
}

// join carries bytes both ways until either side ends.
func (p *proxy) join(client, server net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		_, _ = client.Close(), server.Close()
		return
	}
	p.conns[client], p.conns[server] = true, true
	var doomed atomic.Bool // its next answer is swallowed
	end := sync.OnceFunc(func() {
		_, _ = client.Close(), server.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, client)
		delete(p.conns, server)
	})
	p.running.Go(func() {
		defer end()
		carry(server, client, func(asked []byte) bool {
			if !doomed.Load() && p.chosen(asked) {
				doomed.Store(true)
			}
			return true
		})
	})
	p.running.Go(func() {
		defer end()
		carry(client, server, func([]byte) bool {
			if doomed.Load() {
				p.mu.Lock()
				p.swallowed++
				p.mu.Unlock()
				return false
			}
			return true
		})
	})
}

func (p *proxy) chosen(asked []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 || !bytes.Contains(asked, p.word) {
		return false
	}
	p.left--
	return true
}

// carry copies what comes, as long as the function lets it.
func carry(to, from net.Conn, pass func([]byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !pass(buffer[:n]) || err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
