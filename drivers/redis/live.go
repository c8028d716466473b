package redis

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// LiveConfig is what a Live is made of. Its zero value is a Redis server on this machine.
type LiveConfig struct {
	// URL is where Redis is, as [ClientOptions] takes it. Default "redis://127.0.0.1:6379".
	URL string
	// Client is used instead of a client of Live's own, whatever URL says. Live never closes it. [ClientOptions] are right for it.
	Client rueidis.Client
	// Prefix is what the names of all channels begin with. Default "headrace".
	Prefix string
	// Timeout is how long a command may take. Default 5 s.
	Timeout time.Duration
	// Logger hears what a person should know about the server. Default: slog.Default.
	Logger *slog.Logger
}

// Live is a [driver.Live] on Redis Pub/Sub: for systems of several processes that have a Redis and nothing else. It takes two connections,
// one to speak and one to listen. Messages are sent in the background, in the order of Publish; while Redis does not answer they are
// dropped. In a Cluster a question that nobody serves is not told from one that is not answered.
type Live struct {
	prefix  string
	self    string // names this Live among all
	timeout time.Duration
	log     *slog.Logger
	link    link
	mouth   *mouth
	ears    *ears
	asked   *asked
	closed  chan struct{}
	end     sync.Once
}

var _ driver.Live = (*Live)(nil)

// NewLive makes a Live. Like a broker it connects when it is first used, and again whenever that failed. An error means that the
// configuration makes no sense.
func NewLive(c LiveConfig) (*Live, error) {
	prefix := cmp.Or(c.Prefix, "headrace")
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	if c.Timeout < 0 {
		return nil, errors.New("redis: Timeout below 0")
	}
	l := &Live{
		prefix: prefix, self: rand.Text(), timeout: cmp.Or(c.Timeout, defaultTimeout), log: cmp.Or(c.Logger, slog.Default()),
		closed: make(chan struct{}),
	}
	l.link.given, l.link.timeout, l.link.log = c.Client, l.timeout, l.log
	if c.Client == nil {
		options, err := ClientOptions(cmp.Or(c.URL, "redis://127.0.0.1:6379"))
		if err != nil {
			return nil, err
		}
		l.link.options = options
	}
	l.asked = newAsked(l)
	l.mouth, l.ears = startMouth(l), startEars(l)
	return l, nil
}

// Publish implements [driver.Live]. It fails when messages come faster than Redis takes them: the message is dropped then.
func (l *Live) Publish(ctx context.Context, subject string, data []byte) error {
	if err := l.usable(ctx); err != nil {
		return err
	}
	if _, err := driver.ParseSubject(subject); err != nil {
		return fmt.Errorf("redis: publish: %w", err)
	}
	return l.mouth.say(l.channel(spoken, subject), data)
}

// Subscribe implements [driver.Live]. It fails when Redis does not answer.
func (l *Live) Subscribe(pattern string, buffer int) (driver.Subscription, error) {
	words, err := driver.ParsePattern(pattern)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	s := &subscription{ears: l.ears, pattern: words, messages: make(chan driver.LiveMessage, max(buffer, 1))}
	s.strip = len(l.channel(spoken, ""))
	s.channel = l.listenTo(pattern)
	if err := l.ears.join(s.channel, s); err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", pattern, err)
	}
	return s, nil
}

// Close implements [driver.Live].
func (l *Live) Close() error {
	l.end.Do(func() {
		l.asked.finish()
		close(l.closed)
		l.ears.running.Wait()
		l.mouth.running.Wait()
		l.link.close()
	})
	return nil
}

// usable returns why nothing can be done.
func (l *Live) usable(ctx context.Context) error {
	select {
	case <-l.closed:
		return driver.ErrClosed
	default:
		return ctx.Err()
	}
}

func (l *Live) client(ctx context.Context) (rueidis.Client, error) {
	if err := l.usable(ctx); err != nil {
		return nil, err
	}
	return l.link.wait(ctx, l.closed)
}
