package testserver

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands between clients and a server and does to what they say what networks do: it is late, it is cut, it stands still with everything
// in it, and answers get lost after the server has done what it was asked. Its methods may be called at any time.
type Proxy struct {
	server   string
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	conns   map[net.Conn]bool // nil once it has ended
	word    []byte            // in what a client says that is to be lost
	answers bool              // it arrives, and its answer is lost
	left    int
	lost    int
	delay   time.Duration
	late    int           // pieces that were held up by the delay
	frozen  chan struct{} // closed at the end of standing still; nil: it does not
	held    int           // pieces that were held up by standing still
}

// StartProxy starts a proxy in front of a server's host and port. It ends with the test.
func StartProxy(t testing.TB, server string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{server: server, listener: l, conns: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(p.end)
	return p
}

// Addr is the proxy's host and port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Swallow loses the answers to the next n pieces of conversation from clients that have a word in them, such as XADD: the server has done
// what it was asked, and the connection breaks before the answer. It counts anew.
func (p *Proxy) Swallow(word string, n int) { p.lose(word, true, n) }

// Drop loses the next n pieces themselves, and their connections with them. It counts anew.
func (p *Proxy) Drop(word string, n int) { p.lose(word, false, n) }

func (p *Proxy) lose(word string, answers bool, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.word, p.answers, p.left, p.lost = []byte(word), answers, n, 0
}

// Lost is how many were lost.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Delay holds everything up by that much, each way. It returns how many pieces were late since it was called the last time.
func (p *Proxy) Delay(d time.Duration) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	late := p.late
	p.delay, p.late = d, 0
	return late
}

// Freeze lets connections stand and carries nothing any more, also for those who come, until Thaw.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil {
		p.frozen, p.held = make(chan struct{}), 0
	}
}

// Thaw ends Freeze: what was held is carried. It returns how many pieces that were.
func (p *Proxy) Thaw() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen != nil {
		close(p.frozen)
		p.frozen = nil
	}
	return p.held
}

// Cut breaks all connections and returns how many clients had one.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.conns) / 2
	for c := range p.conns {
		_ = c.Close()
	}
	return n
}

func (p *Proxy) end() {
	_ = p.listener.Close()
	p.Thaw()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil { // the server is down
			_ = client.Close()
			continue
		}
		p.join(client, server)
	}
}

// join carries what both say until either of them ends.
func (p *Proxy) join(client, server net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		_, _ = client.Close(), server.Close()
		return
	}
	p.conns[client], p.conns[server] = true, true
	end := sync.OnceFunc(func() { p.part(client, server) })
	var doomed atomic.Bool // its next answer is lost
	p.running.Go(func() {
		defer end()
		p.carry(server, client, func(said []byte) bool {
			if doomed.Load() {
				return true
			}
			chosen, arrives := p.chooses(said)
			doomed.Store(chosen && arrives)
			return !chosen || arrives
		})
	})
	p.running.Go(func() {
		defer end()
		p.carry(client, server, func([]byte) bool {
			if doomed.Load() {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.lost++
				return false
			}
			return true
		})
	})
}

// part ends both connections of a client.
func (p *Proxy) part(client, server net.Conn) {
	_, _ = client.Close(), server.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, server)
}

// chooses reports whether what a client said is to be lost, and whether it arrives all the same and only its answer is.
func (p *Proxy) chooses(said []byte) (chosen, arrives bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 || !bytes.Contains(said, p.word) {
		return false, false
	}
	p.left--
	if !p.answers {
		p.lost++
	}
	return true, p.answers
}

// carry copies what comes, as long as the function lets it.
func (p *Proxy) carry(to, from net.Conn, pass func([]byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		p.linger()
		if n > 0 && !pass(buffer[:n]) || err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// linger waits for as long as what has come is to be held up.
func (p *Proxy) linger() {
	p.mu.Lock()
	delay, frozen := p.delay, p.frozen
	if frozen != nil {
		p.held++
	}
	if delay > 0 {
		p.late++
	}
	p.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	if delay > 0 {
		time.Sleep(delay)
	}
}
