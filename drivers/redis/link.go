package redis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// ClientOptions are the options with which a broker connects to a URL: redis://user:password@host:port/db, or rediss:// with TLS. For a
// Cluster the URL names further nodes (?addr=host:port&addr=host:port), for Sentinel those are the Sentinels and it names the master
// (&master_set=name). To change an option, make a client of it and give that to the broker.
//
// Nothing is sent twice behind the caller's back, nothing is cached, and one connection carries everything but the reads that wait.
func ClientOptions(url string) (rueidis.ClientOption, error) {
	o, err := rueidis.ParseURL(url)
	if err != nil {
		return o, fmt.Errorf("redis: read URL: %w", err)
	}
	o.DisableRetry, o.DisableCache = true, true
	o.PipelineMultiplex = -1
	o.ClientSetInfo = rueidis.DisableClientSetInfo // a command more that a user would have to be allowed, from 7.2 on
	o.ReadBufferEachConn, o.WriteBufferEachConn = 128<<10, 128<<10
	if o.Dialer.Timeout == 0 {
		o.Dialer.Timeout = 3 * time.Second
	}
	o.Dialer.KeepAlive = 5 * time.Second // and so often an idle connection is asked whether it lives
	if o.ConnWriteTimeout == 0 {
		o.ConnWriteTimeout = defaultTimeout
	}
	if o.ClientName == "" {
		o.ClientName = "headrace"
	}
	o.Sentinel.TopologyRefreshInterval = 5 * time.Second // so that a failover that nobody announced is noticed
	return o, nil
}

// link is the way to Redis. It is opened when it is first needed, and opened again until that works.
type link struct {
	given   rueidis.Client
	options rueidis.ClientOption
	timeout time.Duration
	log     *slog.Logger
	evicts  atomic.Bool

	mu      sync.Mutex
	opening *opening
	running sync.WaitGroup
	ended   bool
}

// opening is an attempt to open the link. When done is closed, either client or err is set.
type opening struct {
	done   chan struct{}
	client rueidis.Client
	err    error
}

// open returns the attempt that worked, or one that is being made.
func (l *link) open() *opening {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opening == nil {
		l.opening = &opening{done: make(chan struct{})}
		if o := l.opening; l.ended {
			o.err = driver.ErrClosed
			close(o.done)
		} else {
			l.running.Go(func() { l.try(o) })
		}
	}
	return l.opening
}

// wait returns the client, connected and looked at.
func (l *link) wait(ctx context.Context, closed <-chan struct{}) (rueidis.Client, error) {
	o := l.open()
	select {
	case <-o.done:
		return o.client, o.err
	case <-closed:
		return nil, driver.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *link) try(o *opening) {
	defer close(o.done)
	client, err := l.given, error(nil)
	if client == nil {
		client, err = rueidis.NewClient(l.options)
	}
	if err == nil {
		if err = l.look(client); err == nil {
			o.client = client
			return
		}
		if l.given == nil {
			client.Close()
		}
	}
	o.err = fmt.Errorf("redis: connect: %w", err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opening = nil
}

// look looks at all servers before anything is done with them.
func (l *link) look(client rueidis.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	var unreachable error
	answers := 0
	for address, node := range client.Nodes() {
		info, err := node.Do(ctx, node.B().Info().Build()).ToString()
		if _, refused := rueidis.IsRedisErr(err); err != nil && !refused {
			unreachable = fmt.Errorf("ask %s about itself: %w", address, err)
			continue
		}
		answers++
		s := readInfo(info)
		if err := s.check(); err != nil {
			return fmt.Errorf("%s: %w", address, err)
		}
		if s.evicts() {
			l.evicts.Store(true)
			l.log.Error("redis: the server may evict keys, and streams with them; events that it loses are read from history and are "+
				"not appended again: set maxmemory-policy to noeviction", "server", address, "maxmemory-policy", s.policy)
		}
	}
	if answers == 0 {
		return unreachable
	}
	return nil
}

// close closes what the link has opened, after an attempt that is being made.
func (l *link) close() {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.running.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.given == nil && l.opening != nil && l.opening.client != nil {
		l.opening.client.Close()
	}
}
