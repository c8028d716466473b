package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// Request implements [driver.Live]. The question goes to all who serve the subject; the first of them that has time claims it, so one that
// stands still keeps no question from the others.
func (l *Live) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if len(data) > driver.MaxLiveSize {
		return nil, fmt.Errorf("redis: request %s: %d bytes: at most %d", subject, len(data), driver.MaxLiveSize)
	}
	if _, err := driver.ParseSubject(subject); err != nil {
		return nil, fmt.Errorf("redis: request: %w", err)
	}
	reply, err := l.asked.ask(ctx, subject, data)
	if err != nil {
		return nil, fmt.Errorf("redis: request %s: %w", subject, err)
	}
	return reply, nil
}

// asked is the questions that wait for an answer. All answers come on one channel.
type asked struct {
	live    *Live
	inbox   channel
	listens sync.Mutex // held while the inbox is opened

	number  atomic.Uint64
	mu      sync.Mutex
	open    bool // the inbox is
	waiting map[string]chan string
}

var _ hearer = (*asked)(nil)

func newAsked(l *Live) *asked {
	return &asked{live: l, inbox: channel{name: l.channel(answered, l.self)}, waiting: map[string]chan string{}}
}

func (a *asked) ask(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if err := a.listen(); err != nil {
		return nil, err
	}
	id := a.live.self + "-" + strconv.FormatUint(a.number.Add(1), 10)
	answer := make(chan string, 1)
	a.mu.Lock()
	a.waiting[id] = answer
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.waiting, id)
	}()
	to := a.live.channel(question, subject)
	if err := a.send(ctx, to, encodeQuestion(ctx, id, a.inbox.name, data)); err != nil {
		return nil, err
	}
	select {
	case text, ok := <-answer:
		if !ok {
			return nil, errBroken
		}
		return []byte(text), nil
	case <-a.live.closed:
		return nil, driver.ErrClosed
	case <-ctx.Done():
		_ = a.live.mouth.say(to, encodeGivenUp(id)) // whoever does not hear it has a deadline
		return nil, ctx.Err()
	}
}

// listen opens the inbox, if it is not open.
func (a *asked) listen() error {
	a.listens.Lock()
	defer a.listens.Unlock()
	a.mu.Lock()
	open := a.open
	a.mu.Unlock()
	if open {
		return nil
	}
	if err := a.live.ears.join(a.inbox, a); err != nil {
		return err
	}
	a.mu.Lock()
	a.open = true
	a.mu.Unlock()
	return nil
}

// send sends a question, and returns [driver.ErrNobody] if it reached nobody. In a Cluster that is not known.
func (a *asked) send(ctx context.Context, to, text string) error {
	client, err := a.live.client(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, a.live.timeout)
	defer cancel()
	reached, err := client.Do(ctx, client.B().Publish().Channel(to).Message(text).Build()).AsInt64()
	if err == nil && reached == 0 && client.Mode() != rueidis.ClientModeCluster {
		err = driver.ErrNobody
	}
	return err
}

// hear implements hearer.
func (a *asked) hear(_, text string) bool {
	id, answer, _ := strings.Cut(text, "\n")
	a.mu.Lock()
	defer a.mu.Unlock()
	if waits := a.waiting[id]; waits != nil {
		delete(a.waiting, id)
		waits <- answer
	}
	return true
}

// miss implements hearer. Answers that were on their way are lost; the inbox is opened again by who asks next.
func (a *asked) miss() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = false
	for id, waits := range a.waiting {
		delete(a.waiting, id)
		close(waits)
	}
	return false
}

// finish implements hearer.
func (a *asked) finish() { a.miss() }
