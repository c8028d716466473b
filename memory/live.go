package memory

import (
	"context"
	"fmt"
	"sync"

	"github.com/headrace/headrace/driver"
)

// Live is a [driver.Live] in this process.
type Live struct {
	mu        sync.Mutex // guards what follows, and the ends of all subscriptions
	listeners map[*subscription]bool
	servers   map[string][]*server // by subject
	turn      int                  // of the servers of a subject
	closed    bool
}

var _ driver.Live = (*Live)(nil)

// subscription is a [driver.Subscription].
type subscription struct {
	live     *Live
	pattern  []string
	messages chan driver.LiveMessage
	lost     bool // guarded by live.mu
}

var _ driver.Subscription = (*subscription)(nil)

// NewLive makes a live backend to which nobody listens yet.
func NewLive() *Live {
	return &Live{listeners: map[*subscription]bool{}, servers: map[string][]*server{}}
}

// Publish implements [driver.Live]. It hands the data itself to all listeners: nobody may change it afterwards. A subject with an empty
// word or a wildcard is an error.
func (l *Live) Publish(ctx context.Context, subject string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	words, err := driver.ParseSubject(subject)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return driver.ErrClosed
	}
	for s := range l.listeners {
		if driver.MatchSubject(s.pattern, words) {
			s.hear(driver.LiveMessage{Subject: subject, Data: data})
		}
	}
	return nil
}

// Subscribe implements [driver.Live]. A buffer below 1 is 1. A pattern with an empty word, or a ">" before its end, is an error.
func (l *Live) Subscribe(pattern string, buffer int) (driver.Subscription, error) {
	words, err := driver.ParsePattern(pattern)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, driver.ErrClosed
	}
	s := &subscription{live: l, pattern: words, messages: make(chan driver.LiveMessage, max(buffer, 1))}
	l.listeners[s] = true
	return s, nil
}

// Close implements [driver.Live]. It waits for the answers under way.
func (l *Live) Close() error {
	l.mu.Lock()
	l.closed = true
	for s := range l.listeners {
		s.end()
	}
	servers := l.servers
	l.servers = map[string][]*server{}
	l.mu.Unlock()
	for _, of := range servers {
		for _, s := range of {
			s.Close()
		}
	}
	return nil
}

// hear hands a message to the listener, or ends the subscription if its buffer is full. The caller holds live.mu.
func (s *subscription) hear(m driver.LiveMessage) {
	select {
	case s.messages <- m:
	default:
		s.lost = true
		s.end()
	}
}

// end closes the channel once. The caller holds live.mu.
func (s *subscription) end() {
	if s.live.listeners[s] {
		delete(s.live.listeners, s)
		close(s.messages)
	}
}

// Messages implements [driver.Subscription]. What waited in the buffer can still be received after the end.
func (s *subscription) Messages() <-chan driver.LiveMessage { return s.messages }

// Lost implements [driver.Subscription].
func (s *subscription) Lost() bool {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	return s.lost
}

// Close implements [driver.Subscription].
func (s *subscription) Close() {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	s.end()
}
