package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	archive "github.com/headrace/headrace/apps/shop/archive/contract"
)

// received is which events of a timeline a client has. Events of one order travel over several partitions, so the last one says nothing
// of the others; the id of every server-sent event therefore names them all, by a short mark each, and a client that comes back with it
// gets exactly the rest.
type received struct {
	marks map[string]bool
	id    strings.Builder
}

const (
	markBytes = 6 // of a hash: two of a thousand events share one once in half a billion timelines
	markChars = 8 // the same in base64
)

// parseReceived reads a Last-Event-ID. One that is not ours is like none: the client then gets everything.
func parseReceived(id string) *received {
	r := &received{marks: map[string]bool{}}
	if len(id)%markChars != 0 || len(id) > maxTimeline*markChars {
		return r
	}
	if _, err := base64.RawURLEncoding.DecodeString(id); err != nil {
		return r
	}
	for ; id != ""; id = id[markChars:] {
		r.add(id[:markChars])
	}
	return r
}

func (r *received) add(mark string) {
	r.marks[mark] = true
	r.id.WriteString(mark)
}

// take reports whether the event is new to the client, and counts it as received.
func (r *received) take(e archive.Event) bool {
	mark := markOf(e)
	if r.marks[mark] || len(r.marks) == maxTimeline {
		return false
	}
	r.add(mark)
	return true
}

// lastEventID is what to send with the event that was taken last.
func (r *received) lastEventID() string { return r.id.String() }

func (r *received) none() bool { return len(r.marks) == 0 }

func markOf(e archive.Event) string {
	hash := sha256.Sum256([]byte(e.ID))
	return base64.RawURLEncoding.EncodeToString(hash[:markBytes])
}
