package drivertest

import (
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

// Clock is the clock that a case gives to a database. It is safe for concurrent use.
type Clock struct {
	ticking bool

	mu    sync.Mutex
	ahead time.Duration
}

// newClock returns a clock that stands still until it is told to elapse, or one that follows the machine's clock.
func newClock(ticking bool) *Clock { return &Clock{ticking: ticking} }

// Now is what the clock says.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	base := time.Date(2026, 3, 14, 15, 9, 26, 535897000, time.UTC)
	if c.ticking {
		base = driver.SystemClock()
	}
	return base.Add(c.ahead)
}

// elapse sets the clock forward.
func (c *Clock) elapse(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
