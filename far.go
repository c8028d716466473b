package headrace

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

const (
	// askTimeout is how long the answer of an owner in another process may take.
	askTimeout = 2 * time.Second
	// headsAge is how old what is known of an owner's heads may be before it is asked again, while somebody wants to know.
	headsAge = 2 * time.Second
)

// farOwner is an [owner] in another process, which is asked over live. Its heads are asked for in the background: an owner that is silent
// holds up nobody who only wants to know whether there is more.
type farOwner struct {
	history *history
	topic   string

	mu     sync.Mutex
	known  []Position // by number of the partition
	err    error      // why they are not known
	asOf   time.Time  // when they were last asked for
	asking chan struct{}
}

func (o *farOwner) page(ctx context.Context, p driver.Partition, after Position, limit int) (driver.Page, error) {
	a, err := o.request(ctx, question{Topic: o.topic, Partition: p.Number, After: after.String(), Limit: limit})
	if a.Page == nil {
		return driver.Page{}, cmp.Or(err, errNoPage)
	}
	page, bad := a.Page.decode()
	return page, cmp.Or(bad, err)
}

var errNoPage = errors.New("the owner's answer has no page")

func (o *farOwner) report(ctx context.Context, p driver.Partition, seen Position) error {
	if _, err := o.request(ctx, question{Topic: o.topic, Partition: p.Number, Seen: seen.String()}); err != nil {
		return fmt.Errorf("%w: %w", errNoHistory, err)
	}
	return nil
}

// heads are what is known now. If that is old, the owner is asked for the next time.
func (o *farOwner) heads(context.Context) (ends, error) {
	o.mu.Lock()
	old := o.history.clock.Now().Sub(o.asOf) >= headsAge
	known, asOf, err := o.known, o.asOf, o.err
	o.mu.Unlock()
	if old {
		o.ask()
	}
	switch {
	case err != nil:
		return ends{}, err
	case known == nil:
		return ends{}, fmt.Errorf("topic %q: %w yet", o.topic, errNoHistory)
	}
	return ends{func(p driver.Partition) Position {
		if p.Number >= len(known) {
			return Position{}
		}
		return known[p.Number]
	}, asOf}, nil
}

// ask asks for the heads in the background, and returns a channel that is closed when the outcome is known.
func (o *farOwner) ask() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asking == nil {
		asking, asOf := make(chan struct{}), o.history.clock.Now()
		o.asking = asking
		o.history.running.Go(func() {
			known, err := o.askNow(o.history.ctx)
			if err != nil {
				err = fmt.Errorf("%w: %w", errNoHistory, err)
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			o.known, o.err, o.asOf, o.asking = known, err, asOf, nil
			close(asking)
		})
	}
	return o.asking
}

func (o *farOwner) askNow(ctx context.Context) ([]Position, error) {
	a, err := o.request(ctx, question{Topic: o.topic})
	if err != nil {
		return nil, err
	}
	known := make([]Position, len(a.Heads))
	for i, text := range a.Heads {
		if known[i], err = driver.ParsePosition(text); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// request asks the owner.
func (o *farOwner) request(ctx context.Context, q question) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	data, err := json.Marshal(q)
	if err != nil {
		return answer{}, err
	}
	reply, err := o.history.live.Request(ctx, historySubject(o.topic), data)
	if err != nil {
		return answer{}, err
	}
	return decodeAnswer(reply)
}
