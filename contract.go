package headrace

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Contract names an event type: its topic, name, version and key, and how older versions are read. It is made by [Define], usually as a
// package variable, and can be shared freely.
type Contract[T any] struct {
	*contract
	key func(T) string
}

// contract is the part of a Contract that does not depend on its type.
type contract struct {
	topic   Topic
	name    string
	version int
	upcast  map[int]func([]byte) (any, error)
	err     error // what is wrong with the definition; reported when a service that uses it starts
}

// Define makes a contract. The key chooses the partition, and with it what is kept in order: usually the id of the entity that the event
// is about. Version starts at 1 and rises when the data changes in a way that older code cannot read; an [Upcast] for every older
// version that may still be in a journal lets handlers see only the newest.
//
// A mistake in a definition is reported when a service that uses it starts.
func Define[T any](topic Topic, name string, version int, key func(T) string, upcasts ...Upcaster) Contract[T] {
	c := &contract{topic: topic, name: name, version: version, upcast: map[int]func([]byte) (any, error){}}
	c.err = c.check(key == nil)
	for _, u := range upcasts {
		if c.err == nil {
			c.err = c.add(u, reflect.TypeFor[T]())
		}
	}
	return Contract[T]{contract: c, key: key}
}

// Topic is the topic that the events belong to.
func (c *contract) Topic() Topic { return c.topic }

// Name is the event type's name.
func (c *contract) Name() string { return c.name }

// Version is the newest version that this code knows.
func (c *contract) Version() int { return c.version }

func (c *contract) String() string { return fmt.Sprintf("%s/%s.v%d", c.topic.Name, c.name, c.version) }

func (c *contract) check(noKey bool) error {
	switch {
	case checkName(c.name) != nil:
		return fmt.Errorf("contract %q: %w", c.name, checkName(c.name))
	case c.topic.check() != nil:
		return fmt.Errorf("contract %q: %w", c.name, c.topic.check())
	case c.version < 1:
		return fmt.Errorf("contract %q: version %d: must be 1 or more", c.name, c.version)
	case noKey:
		return fmt.Errorf("contract %q: %w", c.name, ErrNoKey)
	}
	return nil
}

func (c *contract) add(u Upcaster, current reflect.Type) error {
	switch {
	case u.version < 1 || u.version >= c.version:
		return fmt.Errorf("contract %q: upcast from version %d: must be 1 to %d", c.name, u.version, c.version-1)
	case u.read == nil:
		return fmt.Errorf("contract %q: upcast from version %d: function is nil", c.name, u.version)
	case c.upcast[u.version] != nil:
		return fmt.Errorf("contract %q: upcast from version %d is there twice", c.name, u.version)
	case u.to != current:
		return fmt.Errorf("contract %q: upcast from version %d returns %v: must return %v", c.name, u.version, u.to, current)
	}
	c.upcast[u.version] = u.read
	return nil
}

// Upcaster reads one older version of an event. It is made by [Upcast].
type Upcaster struct {
	version int
	to      reflect.Type
	read    func([]byte) (any, error)
}

// Upcast says how events of an older version become the newest: the function must be pure, and takes what version's data was then.
func Upcast[Old, T any](version int, upcast func(Old) T) Upcaster {
	u := Upcaster{version: version, to: reflect.TypeFor[T]()}
	if upcast == nil {
		return u
	}
	u.read = func(data []byte) (any, error) {
		var old Old
		if err := json.Unmarshal(data, &old); err != nil {
			return nil, err
		}
		return upcast(old), nil
	}
	return u
}

// decode reads data of a version that the contract knows.
func (c Contract[T]) decode(version int, data []byte) (T, error) {
	var value T
	if err := checkDepth(data); err != nil {
		return value, err
	}
	if version == c.version {
		err := json.Unmarshal(data, &value)
		return value, err
	}
	read := c.upcast[version]
	if read == nil {
		return value, fmt.Errorf("%w: %s has no upcast from version %d", ErrUnknownVersion, c, version)
	}
	upcast, err := read(data)
	if err != nil {
		return value, err
	}
	return upcast.(T), nil
}
