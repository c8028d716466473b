package headrace

import (
	"maps"
	"sync"

	"github.com/headrace/headrace/driver"
)

// heads is what the relay of this process knows about the ends of its journals while it holds the lease. They are set only after the
// entries were offered to the broker, so that a reader who finds nothing on the stream and a higher head here has really missed
// something.
type heads struct {
	mu    sync.Mutex
	known map[driver.Partition]Position // nil: the relay does not run here
}

// all returns the heads, or false while the relay does not run here.
func (h *heads) all() (map[driver.Partition]Position, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.known), h.known != nil
}

// start takes over heads read from the store; nil forgets them.
func (h *heads) start(known map[driver.Partition]Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = known
}

func (h *heads) move(batches []driver.Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range batches {
		if h.known != nil && len(b.Entries) > 0 {
			h.known[b.Partition] = b.Entries[len(b.Entries)-1].Position
		}
	}
}

// raise takes note of a new epoch.
func (h *heads) raise(p driver.Partition, head Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known != nil && head.After(h.known[p]) {
		h.known[p] = head
	}
}
