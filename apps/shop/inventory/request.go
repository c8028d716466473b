package inventory

import (
	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// request is what an order's saga asks: to reserve, release or commit.
type request struct {
	kind    kind
	orderID string
	lines   []contract.Item // to reserve
	event   headrace.Metadata
}

// readRequests finds what is asked of inventory among events; the rest is asked of others.
func readRequests(events []headrace.RawEvent) ([]request, error) {
	var list []request
	for _, e := range events {
		r, err := readRequest(e)
		if err != nil {
			return nil, headrace.Permanent(err)
		}
		if r.kind != "" {
			list = append(list, r)
		}
	}
	return list, nil
}

func readRequest(e headrace.RawEvent) (request, error) {
	r := request{event: e.Metadata}
	switch e.Type {
	case orders.ReserveStock.Name():
		ask, err := orders.ReserveStock.Decode(e)
		r.kind, r.orderID, r.lines = reserve, ask.Data.OrderID, wanted(ask.Data.Lines)
		return r, err
	case orders.ReleaseStock.Name():
		ask, err := orders.ReleaseStock.Decode(e)
		r.kind, r.orderID = release, ask.Data.OrderID
		return r, err
	case orders.CommitStock.Name():
		ask, err := orders.CommitStock.Decode(e)
		r.kind, r.orderID = commit, ask.Data.OrderID
		return r, err
	}
	return r, nil
}
