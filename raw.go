package headrace

import (
	"encoding/json"
	"fmt"
)

// Encode makes of data what [Contract.Publish] would publish: type, version, key, partition and bytes. Id, time, correlation and position are
// empty, because nothing is published. It fails like Publish with [ErrNoKey], [ErrTooLarge], [ErrTooDeep] or the error of encoding data
// as JSON.
func (c Contract[T]) Encode(data T) (RawEvent, error) {
	if c.err != nil {
		return RawEvent{}, c.err
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return RawEvent{}, fmt.Errorf("encode %s: %w", c, err)
	}
	key := c.key(data)
	if err := checkMessage(key, encoded); err != nil {
		return RawEvent{}, fmt.Errorf("encode %s: %w", c, err)
	}
	m := Metadata{Topic: c.topic.Name, Type: c.name, Version: c.version, Key: key, Partition: c.topic.Partition(key)}
	return RawEvent{Metadata: m, Data: encoded}, nil
}

// Decode reads the data of one of the contract's events, of whatever version, as a handler would see it. The event keeps the version with
// which it was published. It fails with [ErrUnknownVersion] for a version that the contract cannot read, and for events of other contracts.
func (c Contract[T]) Decode(e RawEvent) (Event[T], error) {
	switch {
	case c.err != nil:
		return Event[T]{}, c.err
	case e.Topic != c.topic.Name || e.Type != c.name:
		return Event[T]{}, fmt.Errorf("decode %s: it is an event of %s/%s", c, e.Topic, e.Type)
	}
	data, err := c.decode(e.Version, e.Data)
	if err != nil {
		return Event[T]{}, fmt.Errorf("decode %s: %w", c, err)
	}
	return Event[T]{Metadata: e.Metadata, Data: data}, nil
}
