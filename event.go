package headrace

import (
	"encoding/json"
	"time"

	"github.com/headrace/headrace/driver"
)

// Position is the place of an event in its partition: an epoch and a dense number. See [driver.Position].
type Position = driver.Position

// Event is an immutable fact: metadata and typed data.
type Event[T any] struct {
	Metadata
	Data T
}

// RawEvent is an event whose data was not decoded. Its Version is the one it was published with.
type RawEvent = Event[json.RawMessage]

// Metadata is what is known of every event, whatever its type.
type Metadata struct {
	ID        string    // UUID version 7; made when the event is published, the same in every group and at every retry
	Topic     string    // the family of events it belongs to
	Type      string    // the contract's name
	Version   int       // the contract's version with which it was published
	Key       string    // what it is about; events of one key are applied in order
	Partition int       // the topic's partition that the key chooses
	Position  Position  // its place in the partition; zero until the relay has numbered it
	Time      time.Time // when it was published
	// CorrelationID is the same for everything that one outside request set off.
	CorrelationID string
	// CausationID is the id of the event whose handler published this one; empty if it came from outside.
	CausationID string
	// TraceParent and TraceState are the W3C trace context of whoever published it; empty without tracing.
	TraceParent string
	TraceState  string
	Source      string // the service that published it
}

// EffectKey is an idempotency key for an effect outside the database, such as a charge at a payment provider. It is made of the event's
// id and the name of the effect, so it is the same at every retry and redrive of the event, and different for every other event.
func (m Metadata) EffectKey(name string) string { return m.ID + "/" + name }

// metadataJSON is how metadata travels: in the outbox, in the journal and as field "m" of a stream entry. Partition and position are not in
// it, because the place where it stands tells them.
type metadataJSON struct {
	ID            string    `json:"id"`
	Topic         string    `json:"topic"`
	Type          string    `json:"type"`
	Version       int       `json:"version"`
	Key           string    `json:"key"`
	Time          time.Time `json:"time"`
	CorrelationID string    `json:"correlation"`
	CausationID   string    `json:"causation,omitempty"`
	TraceParent   string    `json:"traceparent,omitempty"`
	TraceState    string    `json:"tracestate,omitempty"`
	Source        string    `json:"source"`
}

func encodeMetadata(m Metadata) ([]byte, error) {
	return json.Marshal(metadataJSON{
		ID: m.ID, Topic: m.Topic, Type: m.Type, Version: m.Version, Key: m.Key, Time: m.Time,
		CorrelationID: m.CorrelationID, CausationID: m.CausationID,
		TraceParent: m.TraceParent, TraceState: m.TraceState, Source: m.Source,
	})
}

// DecodeMetadata reads the metadata of an entry of a partition. Users of the engine never need it; it is for archives, live listeners and
// tools that meet events as bytes. It fails for what is no event of the partition's topic.
func DecodeMetadata(p driver.Partition, e driver.Entry) (Metadata, error) {
	if len(e.Meta) == 0 {
		return Metadata{}, errNoMetadata
	}
	var j metadataJSON
	if err := json.Unmarshal(e.Meta, &j); err != nil {
		return Metadata{}, err
	}
	m := j.metadata()
	m.Partition, m.Position = p.Number, e.Position
	return m, checkMetadata(m, p.Topic)
}

func (j metadataJSON) metadata() Metadata {
	return Metadata{
		ID: j.ID, Topic: j.Topic, Type: j.Type, Version: j.Version, Key: j.Key, Time: j.Time,
		CorrelationID: j.CorrelationID, CausationID: j.CausationID,
		TraceParent: j.TraceParent, TraceState: j.TraceState, Source: j.Source,
	}
}
