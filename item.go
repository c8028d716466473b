package headrace

import (
	"errors"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// item is one entry on its way through a worker.
type item struct {
	partition *partition
	entry     driver.Entry
	meta      Metadata
	kind      itemKind
	handler   *Handler // for handle and hopeless
	value     any      // for handle: the Event[T]
	err       error    // for foreign and hopeless: why
}

type itemKind int

const (
	handle   itemKind = iota // a handler of this service wants it
	pass                     // nobody here wants it
	foreign                  // it is no event of the topic
	hopeless                 // it is an event for a handler that cannot read it: dead
)

// read decides what an entry is to this service. It looks at nothing but the entry and the service's handlers.
func (s *Service) read(p *partition, e driver.Entry) item {
	it := item{partition: p, entry: e}
	if it.meta, it.err = DecodeMetadata(p.id, e); it.err != nil {
		it.kind = foreign
		return it
	}
	if it.handler = s.handler(it.meta.Topic, it.meta.Type); it.handler == nil {
		it.kind = pass
		return it
	}
	it.decode()
	return it
}

// decode reads the data again: a handler may have changed what it was given at the last attempt.
func (it *item) decode() {
	it.kind, it.err = handle, nil
	if known := it.handler.version; known > 0 && it.meta.Version > known {
		it.kind = hopeless
		it.err = fmt.Errorf("%w: %s is of version %d, this code knows up to %d", ErrUnknownVersion, it.handler.name(), it.meta.Version, known)
		return
	}
	it.err = protect(func() (err error) { // an upcast or an UnmarshalJSON may panic
		it.value, err = it.handler.decode(it.meta, it.entry.Data)
		return err
	})
	if it.err != nil {
		it.kind = hopeless
		it.err = fmt.Errorf("decode %s version %d: %w", it.handler.name(), it.meta.Version, it.err)
	}
}

// reason is what a hopeless item is parked for.
func (it *item) reason() string {
	if errors.Is(it.err, ErrUnknownVersion) {
		return "unknown version"
	}
	return "cannot be decoded"
}

// runLength is how many items, from the first on, one call of the first one's handler takes: a run of the same handler for batch handlers,
// else 1.
func runLength(items []item, held keySet) int {
	h, n := items[0].handler, 1
	for h.batch && n < len(items) {
		it := items[n]
		if it.kind != handle || it.handler != h || held.has(it.partition.id, it.meta.Key) {
			break
		}
		n++
	}
	return n
}

// failure is what a handler returned, and for which of the items of a transaction.
type failure struct {
	index int
	count int // how many items the call was given
	err   error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// park makes a parked event of an item.
func (it *item) park(s driver.ParkState, holds bool, reason string) driver.Parked {
	return driver.Parked{
		Partition: it.partition.id, Entry: it.entry, EventID: it.meta.ID, Key: it.meta.Key,
		State: s, Holds: holds, Handler: it.handler.name(), Reason: reason,
	}
}
