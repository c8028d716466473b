package headrace

import (
	"context"
	"encoding/json"
	"time"

	"github.com/headrace/headrace/driver"
)

// A relay tells where its journals end, over live and to whom it may concern. So a follower in another process notices that it has missed an
// event which nothing follows, and nobody has to ask all the time.

const (
	// tellHeadsEvery is how often a relay tells its heads.
	tellHeadsEvery = 2 * time.Second
	// headsBuffer is how many such messages may wait. All services together send a few each second.
	headsBuffer = 1024
)

func headsSubject(service string) string { return "heads." + liveWord(service) }

// headsMessage is the heads of a service's topics, by number of the partition.
type headsMessage map[string][]string

// tellHeads tells the heads if it is time to.
func (r *relay) tellHeads(ctx context.Context) {
	now := r.service.clock.Now()
	known, leads := r.service.heads.all()
	if r.live == nil || !leads || now.Sub(r.toldHeads) < tellHeadsEvery {
		return
	}
	r.toldHeads = now
	m := headsMessage{}
	for name, t := range r.service.owns {
		for _, p := range t.all() {
			m[name] = append(m[name], known[p].String())
		}
	}
	data, _ := json.Marshal(m) // texts can always be written
	if err := r.live.Publish(ctx, headsSubject(r.service.name), data); err != nil {
		r.service.log().DebugContext(ctx, "heads could not be told", "error", err)
	}
}

// listen hears heads of owners in other processes until the history is closed.
func (h *history) listen() {
	for h.ctx.Err() == nil {
		sub, err := h.live.Subscribe(headsSubject("*"), headsBuffer)
		if err != nil {
			_ = wait(h.ctx, tellHeadsEvery) // the end of ctx is noticed above
			continue
		}
		h.hearAll(sub)
		sub.Close()
	}
}

func (h *history) hearAll(sub driver.Subscription) {
	for {
		select {
		case m, open := <-sub.Messages():
			if !open {
				return
			}
			h.hear(m.Data)
		case <-h.ctx.Done():
			return
		}
	}
}

// hear takes note of heads. Topics that nobody here ever looked at are passed over.
func (h *history) hear(data []byte) {
	var m headsMessage
	if json.Unmarshal(data, &m) != nil {
		return // not ours; live is open to everybody
	}
	for topic, texts := range m {
		h.mu.Lock()
		far := h.far[topic]
		h.mu.Unlock()
		if far == nil {
			continue
		}
		if known, err := parsePositions(texts); err == nil {
			far.learn(known, h.clock.Now())
		}
	}
}

func parsePositions(texts []string) ([]Position, error) {
	list := make([]Position, len(texts))
	for i, text := range texts {
		var err error
		if list[i], err = driver.ParsePosition(text); err != nil {
			return nil, err
		}
	}
	return list, nil
}
