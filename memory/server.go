package memory

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/headrace/headrace/driver"
)

// server is a [driver.Server].
type server struct {
	live    *Live
	subject string
	answer  func(ctx context.Context, data []byte) []byte
	free    chan struct{} // has an element for each answer that may be begun
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup // begun under live.mu while the server is listed, so that Close misses none
}

var _ driver.Server = (*server)(nil)

// Serve implements [driver.Live]. A limit below 1 is 1.
func (l *Live) Serve(subject string, limit int, answer func(ctx context.Context, data []byte) []byte) (driver.Server, error) {
	if _, err := driver.ParseSubject(subject); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, driver.ErrClosed
	}
	s := &server{live: l, subject: subject, answer: answer, free: make(chan struct{}, max(limit, 1))}
	s.ctx, s.stop = context.WithCancel(context.Background())
	for range cap(s.free) {
		s.free <- struct{}{}
	}
	l.servers[subject] = append(l.servers[subject], s)
	return s, nil
}

// Request implements [driver.Live]. Servers of a subject take turns.
func (l *Live) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if len(data) > driver.MaxLiveSize {
		return nil, fmt.Errorf("request %s: %d bytes: at most %d", subject, len(data), driver.MaxLiveSize)
	}
	s, err := l.choose(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("request %s: %w", subject, err)
	}
	answered := make(chan []byte, 1)
	go func() {
		defer s.running.Done()
		s.serve(ctx, data, answered)
	}()
	select {
	case reply, ok := <-answered:
		if ok {
			return reply, nil
		}
		return nil, fmt.Errorf("request %s: %w", subject, cmp.Or(ctx.Err(), driver.ErrNobody))
	case <-ctx.Done():
		return nil, fmt.Errorf("request %s: %w", subject, ctx.Err())
	}
}

// choose returns a server, which then has one more goroutine to wait for.
func (l *Live) choose(ctx context.Context, subject string) (*server, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	servers := l.servers[subject]
	switch {
	case l.closed:
		return nil, driver.ErrClosed
	case len(servers) == 0:
		return nil, driver.ErrNobody
	}
	l.turn++
	s := servers[l.turn%len(servers)]
	s.running.Add(1)
	return s, nil
}

// serve answers one question when it is its turn. Without an answer, because the server was closed, it closes the channel.
func (s *server) serve(asking context.Context, data []byte, answered chan<- []byte) {
	ctx, cancel := context.WithCancel(asking)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	select {
	case <-s.free:
		defer func() { s.free <- struct{}{} }()
		answered <- s.answer(ctx, data)
	case <-ctx.Done():
		close(answered)
	}
}

// Close implements [driver.Server].
func (s *server) Close() {
	s.live.mu.Lock()
	s.leave()
	s.live.mu.Unlock()
	s.stop()
	s.running.Wait()
}

// leave takes the server off the list. The caller holds live.mu.
func (s *server) leave() {
	var others []*server
	for _, o := range s.live.servers[s.subject] {
		if o != s {
			others = append(others, o)
		}
	}
	s.live.servers[s.subject] = others
}
