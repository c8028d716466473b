package gateway

import (
	"context"
	"net/http"

	"github.com/headrace/headrace"
	archive "github.com/headrace/headrace/apps/shop/archive/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// maxTimeline is how many events of an order are shown. A usual order has about twenty.
const maxTimeline = 500

func (g *Gateway) getTimeline(w http.ResponseWriter, r *http.Request, s *session) error {
	order, err := g.order(r, s)
	if err != nil {
		return err
	}
	events, err := g.timeline(r.Context(), order)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, archive.Events{Events: events})
}

// timeline is what has happened to an order so far, as far as the archive knows.
func (g *Gateway) timeline(ctx context.Context, order orders.Order) ([]archive.Event, error) {
	answer, err := g.config.Archive.Timeline(ctx, archive.Timeline{CorrelationID: order.CorrelationID, Limit: maxTimeline})
	return listed(answer.Events), err
}

// heard makes an event that was heard live look like one from the archive.
func heard(m headrace.Metadata) archive.Event {
	return archive.Event{
		ID: m.ID, Position: m.Position.String(), Topic: m.Topic, Partition: m.Partition, Type: m.Type, Version: m.Version, Key: m.Key,
		Time: m.Time, CorrelationID: m.CorrelationID, CausationID: m.CausationID, Source: m.Source,
	}
}

// ended reports whether nothing more happens to an order by itself.
func ended(status orders.Status) bool {
	switch status {
	case orders.StatusFulfilled, orders.StatusCancelled, orders.StatusNeedsAttention:
		return true
	case orders.StatusPlaced, orders.StatusConfirmed, orders.StatusShipped:
	}
	return false
}
