package redis

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// BrokerConfig is what a broker is made of. Its zero value is a Redis server on this machine.
type BrokerConfig struct {
	// URL is where Redis is, as [ClientOptions] takes it. Default "redis://127.0.0.1:6379".
	URL string
	// Client is used instead of a client of the broker's own, whatever URL says. The broker never closes it. [ClientOptions] are right
	// for it.
	Client rueidis.Client
	// Prefix is what the names of all streams begin with; several systems may share a Redis under different ones. It must not have
	// braces or spaces. Default "headrace".
	Prefix string
	// Shards is how many groups of streams there are that can lie on different nodes of a Redis Cluster. All processes of a system must
	// have the same number; where it changes, streams begin empty and are filled again. Default 1, which is right without a cluster.
	Shards int
	// Bound is about how many entries of a partition are kept, and how many are appended again after a loss. Default 100,000.
	Bound int
	// Timeout is how long a command may take that waits for nothing. Then its connection is given up, and it is not known whether the
	// command had an effect. Default 5 s.
	Timeout time.Duration
	// Logger hears what a person should know about the server. Default: slog.Default.
	Logger *slog.Logger
}

// Broker is a [driver.Broker] on Redis Streams.
type Broker struct {
	layout    layout
	bound     int
	only      sync.Map // topics whose streams are the only copy of their events, and are never cut
	threshold string   // bound, as Redis takes it
	timeout   time.Duration
	log       *slog.Logger
	link      link
	troubles  troubles
	closed    chan struct{}

	mu      sync.Mutex
	readers map[*reader]bool
	ended   bool
}

var (
	_ driver.Broker     = (*Broker)(nil)
	_ driver.TopsReader = (*Broker)(nil)
)

const defaultTimeout = 5 * time.Second

// NewBroker makes a broker. It connects when it is first used, and again whenever that failed, so a server that is down is no reason not to
// start. An error means that the configuration makes no sense.
func NewBroker(c BrokerConfig) (*Broker, error) {
	prefix := cmp.Or(c.Prefix, "headrace")
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	if c.Shards < 0 || c.Bound < 0 || c.Timeout < 0 {
		return nil, errors.New("redis: Shards, Bound or Timeout below 0")
	}
	b := &Broker{
		layout:  layout{prefix: prefix, shards: cmp.Or(c.Shards, 1)},
		bound:   cmp.Or(c.Bound, 100_000),
		timeout: cmp.Or(c.Timeout, defaultTimeout),
		log:     cmp.Or(c.Logger, slog.Default()),
		closed:  make(chan struct{}),
		readers: map[*reader]bool{},
	}
	b.threshold = strconv.Itoa(b.bound)
	b.troubles.log, b.link.log = b.log, b.log
	b.link.given, b.link.timeout = c.Client, b.timeout
	if c.Client == nil {
		options, err := ClientOptions(cmp.Or(c.URL, "redis://127.0.0.1:6379"))
		if err != nil {
			return nil, err
		}
		b.link.options = options
	}
	return b, nil
}

// Bound implements [driver.Broker]. It is 0 once the server turned out to evict keys: what is appended again would evict something else.
func (b *Broker) Bound() int {
	if b.link.evicts.Load() {
		return 0
	}
	return b.bound
}

// Reader implements [driver.Broker]. Each shard that a reader follows partitions of takes one connection.
func (b *Broker) Reader(ctx context.Context, group string) (driver.Reader, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		return nil, err
	}
	r := newReader(b, group)
	b.readers[r] = true
	return r, nil
}

// Close implements [driver.Broker]. It ends all readers, and the connection to Redis if it is the broker's own.
func (b *Broker) Close() error {
	b.mu.Lock()
	if b.ended {
		b.mu.Unlock()
		return nil
	}
	b.ended = true
	close(b.closed)
	readers := b.readers
	b.readers = nil
	b.mu.Unlock()
	for r := range readers {
		r.end()
	}
	b.link.close()
	return nil
}

func (b *Broker) forget(r *reader) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.readers, r)
}

// usable returns why nothing can be done.
func (b *Broker) usable(ctx context.Context) error {
	select {
	case <-b.closed:
		return driver.ErrClosed
	default:
		return ctx.Err()
	}
}

// send sends commands in one pipeline and returns a result for each, or an error and no results.
func (b *Broker) send(ctx context.Context, build func(rueidis.Client) []rueidis.Completed) ([]rueidis.RedisResult, error) {
	client, err := b.client(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	return client.DoMulti(ctx, build(client)...), nil
}

// client returns the client, connected and looked at.
func (b *Broker) client(ctx context.Context) (rueidis.Client, error) {
	if err := b.usable(ctx); err != nil {
		return nil, err
	}
	return b.link.wait(ctx, b.closed)
}
