package headrace

import (
	"context"
	"errors"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// Limits of one page of history: its bytes stay below what a message may have on any transport.
const (
	pageEntries = 256
	pageBytes   = 512 << 10
)

// errNoHistory means that nobody in reach has the journal of a topic.
var errNoHistory = errors.New("the owner of the topic is not in reach")

// history reads the journals of the topics that the services of this process own.
type history struct {
	owners map[string]*Service // by topic
}

func newHistory(services []*Service) *history {
	h := &history{owners: map[string]*Service{}}
	for _, s := range services {
		for topic := range s.owns {
			h.owners[topic] = s
		}
	}
	return h
}

func (h *history) owner(topic string) (*Service, error) {
	s := h.owners[topic]
	if s == nil {
		return nil, fmt.Errorf("history of topic %q: %w", topic, errNoHistory)
	}
	return s, nil
}

// page reads entries after a cursor. A cursor ahead of the journal is the proof that the journal was restored to an older state: its epoch
// is raised, and the page tells where the new one begins.
func (h *history) page(ctx context.Context, p driver.Partition, after Position, limit int) (driver.Page, error) {
	s, err := h.owner(p.Topic)
	if err != nil {
		return driver.Page{}, err
	}
	page, err := s.store.ReadJournal(ctx, p, after, limit, pageBytes)
	if err == nil && after.After(page.Head) {
		if err = s.raiseEpoch(ctx, p, after); err == nil {
			page, err = s.store.ReadJournal(ctx, p, after, limit, pageBytes)
		}
	}
	if err != nil {
		return driver.Page{}, fmt.Errorf("history of %s after %s: %w", p, after, err)
	}
	return page, nil
}

// report tells the owner of a position that was really seen.
func (h *history) report(ctx context.Context, p driver.Partition, seen Position) error {
	s, err := h.owner(p.Topic)
	if err != nil {
		return err
	}
	return s.raiseEpoch(ctx, p, seen)
}

// look returns a function that tells the position of the last event of a partition: from memory where the owner's relay runs here, else from
// the owner's store, which is asked once. It is for one round of questions.
func (h *history) look(ctx context.Context) func(driver.Partition) (Position, error) {
	type answer struct {
		heads map[driver.Partition]Position
		err   error
	}
	answers := map[*Service]answer{}
	return func(p driver.Partition) (Position, error) {
		s, err := h.owner(p.Topic)
		if err != nil {
			return Position{}, err
		}
		if head, ok := s.heads.get(p); ok {
			return head, nil
		}
		a, asked := answers[s]
		if !asked {
			a.heads, a.err = s.store.Heads(ctx)
			answers[s] = a
		}
		if a.err != nil {
			return Position{}, fmt.Errorf("head of %s: %w", p, a.err)
		}
		return a.heads[p], nil
	}
}
