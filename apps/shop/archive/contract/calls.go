// Package contract is what the archive of all events can be asked.
package contract

import (
	"encoding/json"
	"time"
)

// Timeline asks for everything that one outside request set off, in the order in which it was published.
type Timeline struct {
	CorrelationID string `json:"correlation_id"`
	Limit         int    `json:"limit"` // 0: 200; at most 1000
}

// History asks for all events of a key, such as an order id or a SKU, in the order in which they were published.
type History struct {
	Key   string `json:"key"`
	Topic string `json:"topic"` // empty: any
	Limit int    `json:"limit"` // 0: 200; at most 1000
}

// Events answers Timeline and History.
type Events struct {
	Events []Event `json:"events"`
}

// Event is an archived event. Data may hold personal data and payment tokens: it is not for the public.
type Event struct {
	ID            string          `json:"id"`
	Position      string          `json:"position"` // epoch-seq
	Topic         string          `json:"topic"`
	Partition     int             `json:"partition"`
	Type          string          `json:"type"`
	Version       int             `json:"version"`
	Key           string          `json:"key"`
	Time          time.Time       `json:"time"`
	CorrelationID string          `json:"correlation_id"`
	CausationID   string          `json:"causation_id"`
	Source        string          `json:"source"`
	Data          json.RawMessage `json:"-" pii:"true"`
}
