package headrace

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

// Limits of one page of history: its bytes stay below what a message may have on any transport.
const (
	pageEntries = 256
	pageBytes   = 512 << 10
)

// errNoHistory means that nobody in reach has the journal of a topic.
var errNoHistory = errors.New("the owner of the topic is not in reach")

// owner is where the journal of a topic is read: in this process ([nearOwner]) or, over live, in another ([farOwner]).
type owner interface {
	// page reads entries after a cursor. A cursor ahead of the journal is the proof that the journal was restored to an older state: its
	// epoch is raised, and the page tells where the new one begins.
	page(ctx context.Context, p driver.Partition, after Position, limit int) (driver.Page, error)
	// report tells the owner of a position that was really seen.
	report(ctx context.Context, p driver.Partition, seen Position) error
	// heads tells where the journal ended at some moment: in this process not longer ago than age, elsewhere recently.
	heads(ctx context.Context, age time.Duration) (ends, error)
}

// ends is where the partitions of a topic ended when somebody looked.
type ends struct {
	of   func(driver.Partition) Position // the zero position for a partition that is not there
	asOf time.Time                       // when somebody looked
	told bool                            // it was told by another process: what is new in it may be on its way on the stream, too
}

// history reads the journals of topics, wherever their owners are.
type history struct {
	near  map[string]nearOwner // by topic
	live  driver.Live
	clock driver.Clock

	ctx     context.Context // of the questions that are asked in the background
	stop    context.CancelFunc
	running sync.WaitGroup

	mu  sync.Mutex
	far map[string]*farOwner // by topic; those that were ever asked for
}

// newHistory makes a history, which is closed after use.
func newHistory(a *App) *history {
	h := &history{near: map[string]nearOwner{}, live: a.Live, clock: a.Services[0].clock, far: map[string]*farOwner{}}
	h.ctx, h.stop = context.WithCancel(context.Background())
	for _, s := range a.Services {
		for topic := range s.owns {
			h.near[topic] = nearOwner{s}
		}
	}
	if h.live != nil {
		h.running.Go(h.listen)
	}
	return h
}

// close ends what runs in the background.
func (h *history) close() {
	h.stop()
	h.running.Wait()
}

func (h *history) owner(topic string) (owner, error) {
	if near, ok := h.near[topic]; ok {
		return near, nil
	}
	if h.live == nil {
		return nil, fmt.Errorf("history of topic %q: %w", topic, errNoHistory)
	}
	return h.farOwner(topic), nil
}

func (h *history) farOwner(topic string) *farOwner {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.far[topic] == nil {
		h.far[topic] = &farOwner{history: h, topic: topic}
	}
	return h.far[topic]
}

func (h *history) page(ctx context.Context, p driver.Partition, after Position, limit int) (driver.Page, error) {
	o, err := h.owner(p.Topic)
	if err != nil {
		return driver.Page{}, err
	}
	page, err := o.page(ctx, p, after, limit)
	if err != nil {
		return driver.Page{}, fmt.Errorf("history of %s after %s: %w", p, after, err)
	}
	return page, nil
}

func (h *history) report(ctx context.Context, p driver.Partition, seen Position) error {
	o, err := h.owner(p.Topic)
	if err != nil {
		return err
	}
	if err := o.report(ctx, p, seen); err != nil {
		return fmt.Errorf("report %s of %s: %w", seen, p, err)
	}
	return nil
}

// head is where a partition ended, and when that was so.
type head struct {
	Position
	asOf time.Time
	told bool
}

// look returns a function that tells the head of a partition, which may be as old as age. It is for one round of questions: each owner is asked
// once.
func (h *history) look(ctx context.Context, age time.Duration) func(driver.Partition) (head, error) {
	type answer struct {
		ends ends
		err  error
	}
	answers := map[string]answer{}
	return func(p driver.Partition) (head, error) {
		a, asked := answers[p.Topic]
		if !asked {
			var o owner
			if o, a.err = h.owner(p.Topic); a.err == nil {
				a.ends, a.err = o.heads(ctx, age)
			}
			answers[p.Topic] = a
		}
		if a.err != nil {
			return head{}, fmt.Errorf("head of %s: %w", p, a.err)
		}
		return head{a.ends.of(p), a.ends.asOf, a.ends.told}, nil
	}
}

// refresh makes sure that what look tells of these topics from now on is not older than this call, or is known to be unknown.
func (h *history) refresh(ctx context.Context, topics map[string]bool) {
	var asking []<-chan struct{}
	for topic := range topics {
		if o, err := h.owner(topic); err == nil {
			if far, ok := o.(*farOwner); ok {
				asking = append(asking, far.ask())
			}
		}
	}
	for _, answered := range asking {
		select {
		case <-answered:
		case <-ctx.Done():
			return
		}
	}
}
