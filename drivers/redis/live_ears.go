package redis

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

var errBroken = errors.New("the connection broke")

// hearer is who hears what is said on a channel. Both methods are called while nobody else hears, and must return at once.
type hearer interface {
	// hear takes a message. It reports false when it wants to hear no more.
	hear(channel string, data string) bool
	// miss is told that something was or may have been missed, because there is no connection. It reports whether it wants to hear on,
	// once there is one.
	miss() bool
	// finish is told that nothing will be heard any more.
	finish()
}

// ears listen on one connection. A goroutine of their own makes the connection, and makes it listen to what somebody wants to hear.
type ears struct {
	live    *Live
	changed chan struct{} // has an element when what is wanted has changed
	running sync.WaitGroup

	mu     sync.Mutex
	wanted map[channel]*audience
	broken error // why there is no connection, after an attempt; nil otherwise
	deaf   bool  // Live is closed
}

// audience is all who hear one channel.
type audience struct {
	hearers map[hearer]bool
	telling *telling
	heard   bool          // Redis knows of it
	gone    chan struct{} // closed when Redis no longer does
}

// telling is an attempt to make an audience known to Redis. done is closed when that has worked, or has not.
type telling struct {
	done chan struct{}
	err  error
}

func newTelling() *telling { return &telling{done: make(chan struct{})} }

func (t *telling) end(err error) {
	t.err = err
	close(t.done)
}

func startEars(l *Live) *ears {
	e := &ears{live: l, changed: make(chan struct{}, 1), wanted: map[channel]*audience{}}
	e.running.Go(e.run)
	return e
}

// join begins to hear, and returns when Redis knows of it. While Redis is known to be away it fails at once. After an error a hearer that
// would rather miss something than hear no more is still there, and hears once there is a connection; others are not.
func (e *ears) join(c channel, h hearer) error {
	e.mu.Lock()
	if e.deaf {
		e.mu.Unlock()
		return driver.ErrClosed
	}
	if err := e.broken; err != nil && !h.miss() {
		e.mu.Unlock()
		return err
	}
	a := e.wanted[c]
	if a == nil {
		a = &audience{hearers: map[hearer]bool{}, telling: newTelling(), gone: make(chan struct{})}
		e.wanted[c] = a
	}
	a.hearers[h] = true
	telling, broken := a.telling, e.broken
	e.mu.Unlock()
	e.touch()
	if broken != nil {
		return broken
	}
	select {
	case <-telling.done:
		return telling.err
	case <-e.live.closed:
		return driver.ErrClosed
	}
}

// leave stops hearing. The channel it returns is closed when Redis knows of it, which is at once where others still hear.
func (e *ears) leave(c channel, h hearer) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.wanted[c]
	if a == nil || !a.hearers[h] {
		return closedChannel()
	}
	delete(a.hearers, h)
	if len(a.hearers) > 0 {
		return closedChannel()
	}
	if e.broken != nil { // there is no connection, so Redis knows nothing of it
		delete(e.wanted, c)
		close(a.gone)
	}
	e.touch()
	return a.gone
}

func closedChannel() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func (e *ears) touch() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

const (
	shortestPause = 100 * time.Millisecond // before another attempt to connect
	longestPause  = 2 * time.Second
)

// run connects whenever there is something to hear, until Live is closed.
func (e *ears) run() {
	defer e.end()
	for pause := shortestPause; e.await(); {
		begun := time.Now()
		err := e.listen()
		if err == nil {
			return
		}
		e.fail(err)
		if time.Since(begun) > longestPause { // it worked for a while
			pause = shortestPause
		}
		select {
		case <-e.live.closed:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// await waits until there is something to hear. It reports false when Live is closed.
func (e *ears) await() bool {
	for !e.needed() {
		select {
		case <-e.changed:
		case <-e.live.closed:
			return false
		}
	}
	return true
}

// needed reports whether a connection is of use: to hear, or to find out that Redis is back.
func (e *ears) needed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.wanted) > 0 || e.broken != nil
}

// listen listens on one connection until it breaks. It returns nil when Live is closed.
func (e *ears) listen() error {
	ctx, cancel := context.WithTimeout(context.Background(), e.live.timeout)
	defer cancel()
	client, err := e.live.client(ctx)
	if err != nil {
		return err
	}
	line, release := client.Dedicate()
	defer release()
	defer line.Close()
	broken := line.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: e.hear})
	if err := line.Do(ctx, line.B().Ping().Build()).Error(); err != nil {
		return err
	}
	e.mu.Lock()
	e.broken = nil
	e.mu.Unlock()
	for {
		if err := e.tell(line); err != nil {
			return err
		}
		select {
		case <-e.changed:
		case err := <-broken:
			return errors.Join(errBroken, err)
		case <-e.live.closed:
			return nil
		}
	}
}

// tell tells Redis what has changed of what is wanted.
func (e *ears) tell(line rueidis.DedicatedClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), e.live.timeout)
	defer cancel()
	begin, stop := e.changes()
	for c, a := range begin {
		if err := line.Do(ctx, c.begin(line)).Error(); err != nil {
			if _, answered := rueidis.IsRedisErr(err); !answered {
				return err
			}
			e.refuse(c, a, err)
			continue
		}
		e.mu.Lock()
		left := e.wanted[c] != a // meanwhile
		a.heard = true
		a.telling.end(nil)
		e.mu.Unlock()
		if left {
			stop[c] = &audience{gone: make(chan struct{})}
		}
	}
	for c, a := range stop {
		err := line.Do(ctx, c.stop(line)).Error()
		e.mu.Lock()
		close(a.gone)
		e.mu.Unlock()
		if _, answered := rueidis.IsRedisErr(err); err != nil && !answered {
			return err
		}
	}
	return nil
}

// changes returns what Redis has to be told. What nobody wants any more is off the list already: who wants it again begins anew.
func (e *ears) changes() (begin, stop map[channel]*audience) {
	begin, stop = map[channel]*audience{}, map[channel]*audience{}
	e.mu.Lock()
	defer e.mu.Unlock()
	for c, a := range e.wanted {
		switch {
		case len(a.hearers) == 0 && a.heard:
			stop[c] = a
			delete(e.wanted, c)
		case len(a.hearers) == 0:
			close(a.gone)
			delete(e.wanted, c)
		case !a.heard:
			begin[c] = a
		}
	}
	return begin, stop
}

// hear hands a message on. What is on its way for somebody who has left is dropped.
func (e *ears) hear(m rueidis.PubSubMessage) {
	c := channel{name: m.Channel}
	if m.Pattern != "" {
		c = channel{name: m.Pattern, glob: true}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.wanted[c]
	if a == nil {
		return
	}
	for h := range a.hearers {
		if !h.hear(m.Channel, m.Message) {
			delete(a.hearers, h)
			e.touch()
		}
	}
}

// refuse takes what Redis does not let us hear off the list.
func (e *ears) refuse(c channel, a *audience, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for h := range a.hearers {
		h.finish()
	}
	a.telling.end(err)
	close(a.gone)
	delete(e.wanted, c)
}

// fail is called when a connection broke, or none was to be had.
func (e *ears) fail(err error) {
	e.live.log.Debug("redis: live does not hear", "error", err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken = err
	for c, a := range e.wanted {
		for h := range a.hearers {
			if !h.miss() {
				delete(a.hearers, h)
			}
		}
		if !a.heard {
			a.telling.end(err)
		}
		a.heard, a.telling = false, newTelling()
		if len(a.hearers) == 0 {
			close(a.gone)
			delete(e.wanted, c)
		}
	}
}

// end is the end of all hearing.
func (e *ears) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deaf = true
	for _, a := range e.wanted {
		for h := range a.hearers {
			h.finish()
		}
		close(a.gone)
	}
	e.wanted = map[channel]*audience{}
}

func (c channel) begin(line rueidis.DedicatedClient) rueidis.Completed {
	if c.glob {
		return line.B().Psubscribe().Pattern(c.name).Build()
	}
	return line.B().Subscribe().Channel(c.name).Build()
}

func (c channel) stop(line rueidis.DedicatedClient) rueidis.Completed {
	if c.glob {
		return line.B().Punsubscribe().Pattern(c.name).Build()
	}
	return line.B().Unsubscribe().Channel(c.name).Build()
}
