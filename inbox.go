package headrace

import (
	"sync"

	"github.com/headrace/headrace/driver"
)

// change is what a member tells one of its loops about a lease.
type change struct {
	kind  changeKind
	lease driver.Lease // for adopt
	slot  slotID
}

type changeKind int

const (
	adopt    changeKind = iota // this lease is yours now
	handOver                   // give this lease back when it suits you, soon
	drop                       // somebody else has this lease
)

// inbox carries changes to a loop without ever making the sender wait.
type inbox struct {
	mu      sync.Mutex
	changes []change
	wake    chan struct{} // has an element while there may be something new
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

func (b *inbox) put(c change) {
	b.mu.Lock()
	b.changes = append(b.changes, c)
	b.mu.Unlock()
	b.kick()
}

// kick wakes the loop without a change.
func (b *inbox) kick() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *inbox) take() []change {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.changes
	b.changes = nil
	return taken
}
