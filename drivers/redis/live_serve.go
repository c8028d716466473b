package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// serveBuffer is how many questions wait for a server, for each that it answers at once. Those beyond are left to others.
const serveBuffer = 64

// serveGrace is how much later a question's time is over here than where it was asked: who asks gives up first, and not because of an answer that
// was cut short.
const serveGrace = 10 * time.Millisecond

// Serve implements [driver.Live]. While Redis does not answer the server waits for it.
func (l *Live) Serve(subject string, limit int, answer func(ctx context.Context, data []byte) []byte) (driver.Server, error) {
	if _, err := driver.ParseSubject(subject); err != nil {
		return nil, fmt.Errorf("redis: serve: %w", err)
	}
	limit = max(limit, 1)
	s := &liveServer{
		live: l, channel: channel{name: l.channel(question, subject)}, answer: answer,
		waiting: make(chan asking, limit*serveBuffer), begun: map[string]context.CancelFunc{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	err := l.ears.join(s.channel, s)
	if _, refused := rueidis.IsRedisErr(err); refused || errors.Is(err, driver.ErrClosed) {
		s.stop()
		return nil, fmt.Errorf("redis: serve %s: %w", subject, err)
	}
	for range limit {
		s.running.Go(s.work)
	}
	return s, nil
}

// liveServer is a [driver.Server].
type liveServer struct {
	live    *Live
	channel channel
	answer  func(ctx context.Context, data []byte) []byte
	waiting chan asking
	ctx     context.Context // of all answers
	stop    context.CancelFunc
	running sync.WaitGroup

	mu    sync.Mutex
	begun map[string]context.CancelFunc // by the id of the question
}

var (
	_ driver.Server = (*liveServer)(nil)
	_ hearer        = (*liveServer)(nil)
)

// hear implements hearer.
func (s *liveServer) hear(_, text string) bool {
	q := decodeQuestion(text)
	switch {
	case q.inbox != "":
		select {
		case s.waiting <- q:
		default:
		}
	case q.id != "":
		s.mu.Lock()
		defer s.mu.Unlock()
		if giveUp := s.begun[q.id]; giveUp != nil {
			giveUp()
		}
	}
	return true
}

// miss implements hearer: whoever asked meanwhile has heard that there was nobody.
func (s *liveServer) miss() bool { return true }

// finish implements hearer.
func (s *liveServer) finish() { s.stop() }

// work answers one question after the other.
func (s *liveServer) work() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case q := <-s.waiting:
			s.serve(q)
		}
	}
}

// serve answers a question, if nobody else does.
func (s *liveServer) serve(q asking) {
	ctx, cancel := context.WithDeadline(s.ctx, q.arrived.Add(q.left+serveGrace))
	defer cancel()
	client, err := s.live.client(ctx)
	if err != nil || !s.claim(ctx, client, q) {
		return
	}
	s.begin(q.id, cancel)
	reply := s.answer(ctx, []byte(q.data))
	s.begin(q.id, nil)
	after, done := context.WithTimeout(context.WithoutCancel(ctx), s.live.timeout)
	defer done()
	err = client.Do(after, client.B().Publish().Channel(q.inbox).Message(encodeAnswer(q.id, reply)).Build()).Error()
	if err != nil {
		s.live.log.Debug("redis: an answer is lost", "channel", s.channel.name, "error", err)
	}
}

// claim makes a question this server's. The claim outlasts everybody who may still have the question before them. A Redis that refuses to be
// written to, because it is full, refuses claims as well: then all who serve answer, and who asked takes the first answer. History is what is
// read when Redis is full.
func (s *liveServer) claim(ctx context.Context, client rueidis.Client, q asking) bool {
	key := s.live.prefix + ":{claim}:" + q.id
	won := client.Do(ctx, client.B().Set().Key(key).Value(s.live.self).Nx().PxMilliseconds((q.left + time.Minute).Milliseconds()).Build()).Error()
	_, refused := rueidis.IsRedisErr(won)
	return won == nil || refused && !rueidis.IsRedisNil(won)
}

// begin takes note of how an answer under way is given up; nil when it is over.
func (s *liveServer) begin(id string, giveUp context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if giveUp == nil {
		delete(s.begun, id)
		return
	}
	s.begun[id] = giveUp
}

// Close implements [driver.Server]. Questions that wait are left to others.
func (s *liveServer) Close() {
	gone := s.live.ears.leave(s.channel, s)
	s.stop()
	s.running.Wait()
	select {
	case <-gone:
	case <-s.live.closed:
	case <-time.After(s.live.timeout):
	}
}
