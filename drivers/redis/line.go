package redis

import (
	"context"
	"sync"

	"github.com/redis/rueidis"
)

// line is a connection that nothing else uses. Hanging up ends whatever goes over it, at once and from any goroutine.
type line struct {
	gone   context.Context // ends when somebody has hung up
	finish context.CancelFunc

	mu     sync.Mutex
	client rueidis.DedicatedClient
}

func newLine() *line {
	l := &line{}
	l.gone, l.finish = context.WithCancel(context.Background())
	return l
}

// connect returns the connection, and makes it first if need be.
func (l *line) connect(b *Broker) (rueidis.DedicatedClient, error) {
	l.mu.Lock()
	client := l.client
	l.mu.Unlock()
	if client != nil {
		return client, nil
	}
	c, err := b.client(l.gone)
	if err != nil {
		return nil, err
	}
	client, release := c.Dedicate()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.gone.Err(); err != nil {
		release()
		return nil, err
	}
	l.client = client
	return client, nil
}

func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone.Err() != nil {
		return
	}
	l.finish()
	if l.client != nil {
		l.client.Close()
	}
}
