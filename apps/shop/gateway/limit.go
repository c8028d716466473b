package gateway

import (
	"container/list"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

// maxBuckets bounds a limiter's memory: about 200 bytes each.
const maxBuckets = 10_000

// limiter is a token bucket for each key: so many requests a second on average, and twice as many at once. It remembers the most recent
// keys; one that was forgotten starts with a full bucket. Safe for concurrent use.
type limiter struct {
	perSecond float64
	capacity  float64
	clock     driver.Clock

	mu      sync.Mutex
	buckets map[string]*list.Element
	recent  *list.List // of *bucket, the most recently used first
}

type bucket struct {
	key    string
	tokens float64
	filled time.Time
}

func newLimiter(perSecond int, clock driver.Clock) *limiter {
	return &limiter{
		perSecond: float64(perSecond), capacity: 2 * float64(perSecond), clock: clock,
		buckets: map[string]*list.Element{}, recent: list.New(),
	}
}

// take takes a token of the key. It returns nil, or the refusal with the time until there is one.
func (l *limiter) take(key string) error {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key, now)
	if passed := now.Sub(b.filled).Seconds(); passed > 0 {
		b.tokens = min(l.capacity, b.tokens+passed*l.perSecond)
		b.filled = now
	}
	if b.tokens < 1 {
		wait := time.Duration((1 - b.tokens) / l.perSecond * float64(time.Second))
		return refuse(http.StatusTooManyRequests, "rate_limited", "too many requests: at most %g a second", l.perSecond).retry(wait)
	}
	b.tokens--
	return nil
}

func (l *limiter) bucket(key string, now time.Time) *bucket {
	if e := l.buckets[key]; e != nil {
		l.recent.MoveToFront(e)
		return e.Value.(*bucket)
	}
	if l.recent.Len() == maxBuckets {
		oldest := l.recent.Back()
		delete(l.buckets, l.recent.Remove(oldest).(*bucket).key)
	}
	b := &bucket{key: key, tokens: l.capacity, filled: now}
	l.buckets[key] = l.recent.PushFront(b)
	return b
}

// address is who a request comes from, as far as limits are concerned: an IPv4 address, or the /64 network that one IPv6 host can choose
// its addresses from.
func address(r *http.Request) string {
	host, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "unknown"
	}
	ip := host.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return network.String()
}

// streamLimit bounds how many live timelines are open, in all and per user. Safe for concurrent use.
type streamLimit struct {
	all, perUser int

	mu    sync.Mutex
	open  int
	users map[string]int
}

func newStreamLimit(all, perUser int) *streamLimit {
	return &streamLimit{all: all, perUser: perUser, users: map[string]int{}}
}

// enter counts a stream, unless there are too many. Every entered stream leaves.
func (l *streamLimit) enter(user string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.users[user] >= l.perUser:
		return refuse(http.StatusTooManyRequests, "too_many_streams", "you follow %d orders already; at most %d at once", l.users[user], l.perUser).
			retry(5 * time.Second)
	case l.open >= l.all:
		return refuse(http.StatusServiceUnavailable, "too_many_streams", "the shop serves as many live timelines as it can").retry(5 * time.Second)
	}
	l.open++
	l.users[user]++
	return nil
}

func (l *streamLimit) leave(user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.users[user]--; l.users[user] == 0 {
		delete(l.users, user)
	}
}
