package headrace

import (
	"context"

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
func (o nearOwner) heads(ctx context.Context) (ends, error) {
	now := o.service.clock.Now()
	known, leads := o.service.heads.all()
	if !leads {
		var err error
		if known, err = o.service.store.Heads(ctx); err != nil {
			return ends{}, err
		}
	}
	return ends{of: func(p driver.Partition) Position { return known[p] }, asOf: now}, nil
}
