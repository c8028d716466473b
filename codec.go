package headrace

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of what is accepted as an event.
const (
	// MaxDataSize is how large an event's data may be, encoded, in bytes.
	MaxDataSize = 1 << 20
	// MaxDepth is how deep objects and arrays may be nested in an event's data.
	MaxDepth = 64
	// MaxKeySize is how long a key may be, in bytes.
	MaxKeySize = 512
)

var errNoMetadata = errors.New("there is no metadata")

// checkMetadata tells an event of a topic from bytes that merely look like one.
func checkMetadata(m Metadata, topic string) error {
	switch {
	case m.ID == "":
		return errors.New("metadata has no id")
	case m.Topic != topic:
		return fmt.Errorf("metadata names topic %q", m.Topic)
	case m.Type == "":
		return errors.New("metadata has no type")
	case m.Version < 1:
		return fmt.Errorf("metadata has version %d", m.Version)
	case m.Key == "":
		return errors.New("metadata has no key")
	case strings.Contains(m.ID, "\x00"), strings.Contains(m.Key, "\x00"):
		return errors.New("metadata has a zero byte in its id or key") // no database would take it
	}
	return nil
}

// checkMessage refuses what is too much for an event, or too little.
func checkMessage(key string, data []byte) error {
	switch {
	case key == "":
		return ErrNoKey
	case !utf8.ValidString(key) || strings.Contains(key, "\x00"):
		return fmt.Errorf("key %q: must be UTF-8 without a zero byte", key)
	case len(key) > MaxKeySize:
		return fmt.Errorf("key of %d bytes: %w: at most %d", len(key), ErrTooLarge, MaxKeySize)
	case len(data) > MaxDataSize:
		return fmt.Errorf("data of %d bytes: %w: at most %d", len(data), ErrTooLarge, MaxDataSize)
	}
	return checkDepth(data)
}

// checkDepth refuses JSON that is nested deeper than MaxDepth. It reads only brackets and strings; whether the rest is JSON is for the
// decoder to say.
func checkDepth(data []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return ErrTooDeep
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
