package headrace

import (
	"context"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

// nearOwner is an [owner] in this process.
type nearOwner struct{ service *Service }

func (o nearOwner) page(ctx context.Context, p driver.Partition, after Position, limit int) (driver.Page, error) {
	page, err := o.service.store.ReadJournal(ctx, p, after, limit, pageBytes)
	if err == nil && after.After(page.Head) {
		if err = o.service.raiseEpoch(ctx, p, after); err == nil {
			page, err = o.service.store.ReadJournal(ctx, p, after, limit, pageBytes)
		}
	}
	return page, err
}

func (o nearOwner) report(ctx context.Context, p driver.Partition, seen Position) error {
	return o.service.raiseEpoch(ctx, p, seen)
}

// heads comes from memory where the owner's relay runs here, else from its store.
func (o nearOwner) heads(ctx context.Context, age time.Duration) (ends, error) {
	asOf := o.service.clock.Now()
	known, leads := o.service.heads.all()
	if !leads {
		var err error
		if known, asOf, err = o.service.glance.heads(ctx, o.service, age); err != nil {
			return ends{}, err
		}
	}
	return ends{of: func(p driver.Partition) Position { return known[p] }, asOf: asOf}, nil
}

// glance is what was last read of the heads, for all workers of this process: each of them looks twice a second.
type glance struct {
	mu    sync.Mutex
	known map[driver.Partition]Position // it is not changed any more
	asOf  time.Time
}

// heads reads them if they are older than age. Whoever comes meanwhile waits and has them, too.
func (g *glance) heads(ctx context.Context, s *Service, age time.Duration) (map[driver.Partition]Position, time.Time, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := s.clock.Now()
	if g.known != nil && now.Sub(g.asOf) < age {
		return g.known, g.asOf, nil
	}
	known, err := s.store.Heads(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	g.known, g.asOf = known, now
	return known, now, nil
}
