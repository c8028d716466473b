package redis

import (
	"strings"
	"sync"

	"github.com/headrace/headrace/driver"
)

// subscription is a [driver.Subscription].
type subscription struct {
	ears     *ears
	channel  channel
	strip    int // how much of a channel's name comes before the subject
	pattern  []string
	messages chan driver.LiveMessage

	mu    sync.Mutex
	ended bool
	lost  bool
}

var (
	_ driver.Subscription = (*subscription)(nil)
	_ hearer              = (*subscription)(nil)
)

// hear implements hearer. A listener whose buffer is full hears no more.
func (s *subscription) hear(channel, data string) bool {
	subject := channel[s.strip:]
	if !driver.MatchSubject(s.pattern, strings.Split(subject, ".")) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	select {
	case s.messages <- driver.LiveMessage{Subject: subject, Data: []byte(data)}:
		return true
	default:
		s.end(true)
		return false
	}
}

// miss implements hearer: the listener has to begin again. A subscription that fails at once is lost before anybody has it.
func (s *subscription) miss() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(true)
	return false
}

// finish implements hearer.
func (s *subscription) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(false)
}

// end ends the subscription, once. The caller holds s.mu.
func (s *subscription) end(lost bool) {
	if !s.ended {
		s.ended, s.lost = true, lost
		close(s.messages)
	}
}

// Messages implements [driver.Subscription]. What waited in the buffer can still be received after the end.
func (s *subscription) Messages() <-chan driver.LiveMessage { return s.messages }

// Lost implements [driver.Subscription].
func (s *subscription) Lost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// Close implements [driver.Subscription].
func (s *subscription) Close() {
	s.finish()
	s.ears.leave(s.channel, s)
}
