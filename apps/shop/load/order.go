package load

import (
	"context"
	"time"
)

// An order that is followed is looked at every lookSoon first, and ever more rarely up to lookSeldom: the older it is, the less a look
// later changes what is measured, and the more orders there may be like it.
const (
	lookSoon   = 20 * time.Millisecond
	lookSeldom = time.Second
	followFor  = time.Minute
)

// live is the life of one order as its buyer sees it.
func (r *run) live(ctx context.Context, w wish, due time.Time, follow bool) {
	token := r.users[w.user]
	r.tally.begin()
	placed, err := r.shop.place(ctx, token, w)
	r.tally.answered(time.Since(due), placed, err)
	if err != nil {
		return
	}
	if w.cancel {
		r.tally.cancelled(r.shop.cancel(ctx, token, placed.OrderID))
	}
	if follow {
		r.follow(ctx, token, placed.OrderID, due)
	}
}

// follow looks at an order until it has ended. While the shop is out of reach it goes on looking.
func (r *run) follow(ctx context.Context, token, orderID string, due time.Time) {
	for time.Since(due) < followFor && sleepUntil(ctx, time.Now().Add(min(max(lookSoon, time.Since(due)/20), lookSeldom))) {
		status, err := r.shop.status(ctx, token, orderID)
		if err != nil {
			r.tally.fail(err)
			continue
		}
		if ended(status) {
			r.tally.ended(status, time.Since(due))
			return
		}
	}
	r.tally.ended("not ended in "+followFor.String(), time.Since(due))
}

func ended(status string) bool {
	return status == "fulfilled" || status == "cancelled" || status == "needs_attention"
}
