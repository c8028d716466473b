package headrace

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// liveEvent is how an event travels over live: its metadata, the place that it got, and its data.
type liveEvent struct {
	metadataJSON
	Partition int             `json:"partition"`
	Position  string          `json:"position"`
	Data      json.RawMessage `json:"data"`
}

// LiveSubject is the subject under which live listeners hear of events of a topic and type. Either can be "*"; a topic's dots become
// dashes, so that it is one word.
func LiveSubject(topic, typ string) string {
	return "event." + liveWord(topic) + "." + liveWord(typ)
}

func liveWord(name string) string {
	word := []byte(name)
	for i, c := range word {
		if c == '.' {
			word[i] = '-'
		}
	}
	return string(word)
}

// DecodeLive reads what a live listener heard.
func DecodeLive(m driver.LiveMessage) (RawEvent, error) {
	var l liveEvent
	if err := json.Unmarshal(m.Data, &l); err != nil {
		return RawEvent{}, fmt.Errorf("live message %s: %w", m.Subject, err)
	}
	position, err := driver.ParsePosition(l.Position)
	if err != nil {
		return RawEvent{}, fmt.Errorf("live message %s: %w", m.Subject, err)
	}
	e := RawEvent{Metadata: l.metadata(), Data: l.Data}
	e.Partition, e.Position = l.Partition, position
	return e, nil
}

// tellLive tells live listeners about numbered events. It is best effort: who misses one reads history.
func (r *relay) tellLive(ctx context.Context, batches []driver.Batch) {
	if r.live == nil {
		return
	}
	for _, b := range batches {
		for _, e := range b.Entries {
			if err := r.tellOne(ctx, b.Partition, e); err != nil {
				r.service.log().DebugContext(ctx, "live listeners not told", "topic", b.Partition.Topic, "position", e.Position, "error", err)
			}
		}
	}
}

func (r *relay) tellOne(ctx context.Context, p driver.Partition, e driver.Entry) error {
	l := liveEvent{Partition: p.Number, Position: e.Position.String(), Data: json.RawMessage(e.Data)}
	if err := json.Unmarshal(e.Meta, &l.metadataJSON); err != nil {
		return err
	}
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return r.live.Publish(ctx, LiveSubject(l.Topic, l.Type), data)
}
