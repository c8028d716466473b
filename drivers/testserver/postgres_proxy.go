package testserver

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// PostgresProxy stands between clients and a [PostgresServer] and loses what they say to each other about a statement: either the server has
// never heard of it, or it has done it and its answer gets lost. The client cannot tell which, because all it sees is a connection that ends.
type PostgresProxy struct {
	server   string
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // nil once it has ended
	loss  postgresLoss
	lost  int
}

// postgresLoss is what is to be lost next.
type postgresLoss struct {
	message []byte
	answers bool // and not the statements themselves
	left    int
}

// ProxyPostgres starts a proxy, which loses nothing yet. It ends with the test.
func ProxyPostgres(t testing.TB, server *PostgresServer) *PostgresProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &PostgresProxy{server: net.JoinHostPort("127.0.0.1", strconv.Itoa(server.port)), listener: l, conns: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(p.end)
	return p
}

// URL is the proxy's address as clients take it.
func (p *PostgresProxy) URL() string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", p.listener.Addr())
}

// LoseAnswers loses the server's answer to the next n statements with this text, such as COMMIT, and their connections with it. It counts from 0.
// Only statements without parameters that come by themselves are found.
func (p *PostgresProxy) LoseAnswers(statement string, n int) { p.lose(statement, true, n) }

// LoseStatements loses the next n of these statements before they reach the server, and their connections with them.
func (p *PostgresProxy) LoseStatements(statement string, n int) { p.lose(statement, false, n) }

func (p *PostgresProxy) lose(statement string, answers bool, n int) {
	message := binary.BigEndian.AppendUint32([]byte{'Q'}, uint32(4+len(statement)+1)) //nolint:gosec // it is short
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loss, p.lost = postgresLoss{append(append(message, statement...), 0), answers, n}, 0
}

// Lost is how many were lost since it was said what to lose.
func (p *PostgresProxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

func (p *PostgresProxy) end() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.running.Wait()
}

func (p *PostgresProxy) accept() {
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

// join carries what both say until either of them ends, or something is to be lost.
func (p *PostgresProxy) join(client, server net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		_, _ = client.Close(), server.Close()
		return
	}
	p.conns[client], p.conns[server] = true, true
	end := sync.OnceFunc(func() { p.part(client, server) })
	var doomed atomic.Bool // the next answer is to be lost
	p.running.Go(func() {
		defer end()
		p.carry(server, client, func(said []byte) bool {
			chosen, answer := p.choose(said)
			if chosen && answer {
				doomed.Store(true)
			}
			return !chosen || answer
		})
	})
	p.running.Go(func() {
		defer end()
		p.carry(client, server, func([]byte) bool { return !doomed.Load() })
	})
}

// part ends both connections of a client.
func (p *PostgresProxy) part(client, server net.Conn) {
	_, _ = client.Close(), server.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, server)
}

// choose reports whether what a client said is to be lost, and whether only the answer is. After that its connection ends.
func (p *PostgresProxy) choose(said []byte) (chosen, answer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loss.left == 0 || !bytes.Contains(said, p.loss.message) {
		return false, false
	}
	p.loss.left--
	p.lost++
	return true, p.loss.answers
}

// carry copies what comes, as long as the function lets it.
func (*PostgresProxy) carry(to, from net.Conn, pass func([]byte) bool) {
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
