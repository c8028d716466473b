package headrace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/headrace/headrace/driver"
)

// historyLimit is how many questions about one topic's journal a process answers at the same time.
const historyLimit = 4

// answerHistory answers the questions of other processes about the journals that services of this process own, until the returned function
// is called, which waits for the answers under way.
func (a *App) answerHistory() (stop func()) {
	var servers []driver.Server
	for _, s := range a.Services {
		if a.Live == nil {
			break
		}
		for _, t := range s.owns {
			server, err := a.Live.Serve(historySubject(t.Name), historyLimit, s.answerer(t))
			if err != nil {
				s.log().Warn("history is not served to other processes", "topic", t.Name, "error", err)
				continue
			}
			servers = append(servers, server)
		}
	}
	return func() {
		var closing sync.WaitGroup
		for _, server := range servers {
			closing.Go(server.Close)
		}
		closing.Wait()
	}
}

// answerer answers questions about the journal of one topic.
func (s *Service) answerer(t Topic) func(context.Context, []byte) []byte {
	return func(ctx context.Context, data []byte) []byte {
		a, err := s.answer(ctx, t, data)
		if err != nil {
			a.Error, a.Trimmed = errorText(err), errors.Is(err, driver.ErrTrimmed)
		}
		text, _ := json.Marshal(a) // strings, numbers and bytes can always be written
		return text
	}
}

func (s *Service) answer(ctx context.Context, t Topic, data []byte) (answer, error) {
	var q question
	if err := json.Unmarshal(data, &q); err != nil {
		return answer{}, fmt.Errorf("read the question: %w", err)
	}
	p := driver.Partition{Topic: t.Name, Number: q.Partition}
	if q.Topic != t.Name || q.Partition < 0 || q.Partition >= t.partitions() {
		return answer{}, fmt.Errorf("there is no partition %d of topic %q here", q.Partition, q.Topic)
	}
	near := nearOwner{s}
	switch {
	case q.Seen != "":
		seen, err := driver.ParsePosition(q.Seen)
		if err != nil {
			return answer{}, err
		}
		return answer{}, near.report(ctx, p, seen)
	case q.After != "":
		after, err := driver.ParsePosition(q.After)
		if err != nil {
			return answer{}, err
		}
		page, err := near.page(ctx, p, after, min(max(q.Limit, 0), pageEntries))
		return answer{Page: encodePage(page)}, err
	}
	return s.answerHeads(ctx, t)
}

func (s *Service) answerHeads(ctx context.Context, t Topic) (answer, error) {
	ends, err := nearOwner{s}.heads(ctx, 0)
	if err != nil {
		return answer{}, err
	}
	var a answer
	for _, p := range t.all() {
		a.Heads = append(a.Heads, ends.of(p).String())
	}
	return a, nil
}
