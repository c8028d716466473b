package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// StoreConfig is what a store is made of. Name is required.
type StoreConfig struct {
	// Name is what the keys of the service's own state begin with, after a "~": that of the service. No two services share one.
	Name string
	// Clock decides about leases, timers and parked events. Default: the server's clock.
	Clock driver.Clock
}

// Store is a [driver.Store] that keeps everything in Redis, for a service that has no database. What it publishes is in the stream alone. Its
// methods may be called concurrently; several processes may have stores of one name.
type Store struct {
	broker *Broker
	name   string
	clock  driver.Clock
	commit *rueidis.Lua
	page   *rueidis.Lua
	closed chan struct{}
	end    sync.Once

	mu    sync.Mutex
	owned []driver.Partition
}

var _ driver.Store = (*Store)(nil)

// NewStore makes a store on the server of a broker, which is the broker of the service's App, too: the store publishes to its streams, and the
// broker never cuts those of the topics that the service owns. An error means that the configuration makes no sense, or that the
// broker has several shards: a script works in one place.
func NewStore(b *Broker, c StoreConfig) (*Store, error) {
	switch {
	case c.Name == "" || strings.ContainsAny(c.Name, "{} :\t\r\n"):
		return nil, fmt.Errorf("redis: name %q of a store: must not be empty or have braces, colons or spaces", c.Name)
	case b.layout.shards != 1:
		return nil, fmt.Errorf("redis: a store needs a broker with one shard: this one has %d", b.layout.shards)
	}
	return &Store{
		broker: b, name: c.Name, clock: c.Clock, closed: make(chan struct{}),
		commit: rueidis.NewLuaScript(storeSource), page: rueidis.NewLuaScript(pageSource),
	}, nil
}

// Concurrency implements [driver.Store]. Redis runs one script at a time, but many can be on their way.
func (s *Store) Concurrency() int { return 16 }

// Close implements [driver.Store]. The broker stays open.
func (s *Store) Close() error {
	s.end.Do(func() { close(s.closed) })
	return nil
}

// key is the name of a key of the service, in the shard of all streams.
func (s *Store) key(words ...string) string {
	return s.broker.layout.prefix + ":{0}:~" + s.name + ":" + strings.Join(words, ":")
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
	return s.broker.client(ctx)
}

// ask sends one command.
func (s *Store) ask(ctx context.Context, build func(rueidis.Builder) rueidis.Completed) (rueidis.RedisMessage, error) {
	client, err := s.client(ctx)
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.broker.timeout)
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
