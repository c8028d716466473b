package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// StoreConfig is what a store is made of. Its zero value is a Redis server on this machine.
type StoreConfig struct {
	// URL is where Redis is, as [ClientOptions] takes it. Default "redis://127.0.0.1:6379".
	URL string
	// Client is used instead of a client of the store's own, whatever URL says. The store never closes it.
	Client rueidis.Client
	// Prefix is the Prefix of the broker that delivers what the store publishes. Default "headrace".
	Prefix string
	// Name is what the keys of the service's own state begin with, after a "~": every service of a Redis needs another. Default "service".
	Name string
	// Timeout is how long a command may take. Then nobody knows whether it had an effect. Default 5 s.
	Timeout time.Duration
	// Clock decides about leases, timers and parked events. Default: the server's clock.
	Clock driver.Clock
	// Logger hears what a person should know about the server. Default: slog.Default.
	Logger *slog.Logger
}

// Store is a [driver.Store] that keeps everything in Redis, for a service that has no database. What it publishes is in the stream alone, so
// its broker must be made with [BrokerConfig.Keep] and with Shards 1.
type Store struct {
	layout  layout
	name    string
	timeout time.Duration
	clock   driver.Clock
	link    link
	closed  chan struct{}

	mu    sync.Mutex
	owned []driver.Partition
	ended bool
}

var _ driver.Store = (*Store)(nil)

// NewStore makes a store. It connects when it is first used. An error means that the configuration makes no sense.
func NewStore(c StoreConfig) (*Store, error) {
	prefix := cmp.Or(c.Prefix, "headrace")
	if strings.ContainsAny(prefix, "{} \t\r\n") {
		return nil, fmt.Errorf("redis: prefix %q has braces or spaces", prefix)
	}
	name := cmp.Or(c.Name, "service")
	if strings.ContainsAny(name, "{} :\t\r\n") {
		return nil, fmt.Errorf("redis: name %q has braces, colons or spaces", name)
	}
	if c.Timeout < 0 {
		return nil, errors.New("redis: Timeout below 0")
	}
	s := &Store{
		layout: layout{prefix: prefix, shards: 1}, name: name, timeout: cmp.Or(c.Timeout, defaultTimeout), clock: c.Clock, closed: make(chan struct{}),
	}
	s.link.given, s.link.timeout, s.link.log = c.Client, s.timeout, cmp.Or(c.Logger, slog.Default())
	if c.Client == nil {
		options, err := ClientOptions(cmp.Or(c.URL, "redis://127.0.0.1:6379"))
		if err != nil {
			return nil, err
		}
		s.link.options = options
	}
	return s, nil
}

// Concurrency implements [driver.Store]. Redis runs one script at a time, but many can be on their way.
func (s *Store) Concurrency() int { return 16 }

// Close implements [driver.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return nil
	}
	s.ended = true
	close(s.closed)
	s.mu.Unlock()
	s.link.close()
	return nil
}

// key is the name of a key of the service, in the shard of all streams.
func (s *Store) key(words ...string) string {
	return s.layout.prefix + ":{0}:~" + s.name + ":" + strings.Join(words, ":")
}

func (s *Store) usable(ctx context.Context) error {
	select {
	case <-s.closed:
		return driver.ErrClosed
	default:
		return ctx.Err()
	}
}

// client returns the client, connected and looked at.
func (s *Store) client(ctx context.Context) (rueidis.Client, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	o := s.link.open()
	select {
	case <-o.done:
		return o.client, o.err
	case <-s.closed:
		return nil, driver.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ask sends one command.
func (s *Store) ask(ctx context.Context, build func(rueidis.Builder) rueidis.Completed) (rueidis.RedisMessage, error) {
	client, err := s.client(ctx)
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return client.Do(ctx, build(client.B())).ToMessage()
}

// now is the time that decides.
func (s *Store) now(ctx context.Context) (time.Time, error) {
	if s.clock != nil {
		return s.clock.Now(), nil
	}
	m, err := s.ask(ctx, func(b rueidis.Builder) rueidis.Completed { return b.Time().Build() })
	if err != nil {
		return time.Time{}, fmt.Errorf("redis: ask the time: %w", err)
	}
	parts, err := m.AsIntSlice()
	if err != nil || len(parts) != 2 {
		return time.Time{}, errors.Join(errors.New("redis: the time makes no sense"), err)
	}
	return time.Unix(parts[0], parts[1]*1000).UTC(), nil
}
