package headrace

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/headrace/headrace/driver"
)

// vacancy is when the group was last seen to have nothing parked: one look does for all workers of this process.
type vacancy struct {
	turn sync.Mutex // of those who would be content with another's look
	seen atomic.Pointer[time.Time]
}

// look looks for parked events, and returns when. Who trusts is content with the vacancy that another worker has just seen: it must not know of
// anything that is parked or due.
func (v *vacancy) look(clock driver.Clock, trust bool, look func() (driver.ParkedSummary, error)) (driver.ParkedSummary, time.Time, error) {
	if trust {
		v.turn.Lock()
		defer v.turn.Unlock()
	}
	now := clock.Now()
	if seen := v.seen.Load(); trust && seen != nil && now.Sub(*seen) < parkedCheck {
		return driver.ParkedSummary{Vacant: true}, *seen, nil
	}
	found, err := look()
	if v.seen.Store(nil); err == nil && found.Vacant {
		v.seen.Store(&now)
	}
	return found, now, err
}
