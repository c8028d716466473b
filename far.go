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
	// headsAge is how old what is known of an owner's heads may be, because it was not heard of, before it is asked, while somebody wants to
	// know.
	headsAge = 5 * tellHeadsEvery
)

// farOwner is an [owner] in another process, which is asked over live. Its heads are heard of, or asked for in the background: an owner that is
// silent holds up nobody who only wants to know whether there is more.
type farOwner struct {
	history *history
	topic   string

	mu     sync.Mutex
	known  []Position // by number of the partition
	err    error      // why they are not known
	asOf   time.Time  // when they were heard of, or asked for
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
func (o *farOwner) heads(context.Context, time.Duration) (ends, error) {
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
	return ends{of: func(p driver.Partition) Position {
		if p.Number >= len(known) {
			return Position{}
		}
		return known[p.Number]
	}, asOf: asOf, told: true}, nil
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
			o.asking = nil
			if asOf.After(o.asOf) { // else it was heard meanwhile
				o.known, o.err, o.asOf = known, err, asOf
			}
			close(asking)
		})
	}
	return o.asking
}

// learn takes note of heads that were heard.
func (o *farOwner) learn(known []Position, asOf time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known, o.err, o.asOf = known, nil, asOf
}

func (o *farOwner) askNow(ctx context.Context) ([]Position, error) {
	a, err := o.request(ctx, question{Topic: o.topic})
	if err != nil {
		return nil, err
	}
	return parsePositions(a.Heads)
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
