package verify

import (
	"maps"
	"slices"
)

func (o order) ended() bool { return o.state == "fulfilled" || o.state == "cancelled" }

// checkEnds: an order that has ended is paid, shipped and written off, or nothing is held for it.
func checkEnds(d data) []Finding {
	fulfilled, cancelled := 0, 0
	for _, o := range d.orders {
		switch o.state {
		case "fulfilled":
			fulfilled++
		case "cancelled":
			cancelled++
		}
	}
	good := finding("a fulfilled order is captured, shipped and committed", "%d orders", fulfilled)
	back := finding("nothing is held for a cancelled order", "%d orders", cancelled)
	for id, o := range d.orders {
		switch o.state {
		case "fulfilled":
			d.checkFulfilled(good, id, o)
		case "cancelled":
			d.checkCancelled(back, id)
		}
	}
	return []Finding{*good, *back}
}

func (d data) checkFulfilled(f *Finding, id string, o order) {
	if p := d.payments[id]; p.state != "captured" {
		f.violated("order %s: payment is %s", id, or(p.state, "not there"))
	}
	if bank := d.ledger[id].bank; bank != o.total {
		f.violated("order %s: total is %d, and %d were taken", id, o.total, bank)
	}
	if state := d.reservations[id]; state != "committed" {
		f.violated("order %s: reservation is %s", id, or(state, "not there"))
	}
	if p := d.held[id]; p.shipped != o.pieces || p.reserved != 0 {
		f.violated("order %s: %d pieces were ordered, movements come to %+v", id, o.pieces, p)
	}
	if state := d.shipments[id]; state != "delivered" {
		f.violated("order %s: shipment is %s", id, or(state, "not there"))
	}
}

func (d data) checkCancelled(f *Finding, id string) {
	if p, found := d.payments[id]; found && p.state != "voided" && p.state != "declined" {
		f.violated("order %s: payment is %s", id, p.state)
	}
	if b := d.ledger[id]; b != (balance{}) {
		f.violated("order %s: the ledger says %+v", id, b)
	}
	if state := d.reservations[id]; state != "" && state != "released" {
		f.violated("order %s: reservation is %s", id, state)
	}
	if p := d.held[id]; p != (places{}) {
		f.violated("order %s: movements come to %+v", id, p)
	}
	if state := d.shipments[id]; state != "" && state != "cancelled" {
		f.violated("order %s: shipment is %s", id, state)
	}
}

func or(state, otherwise string) string {
	if state == "" {
		return otherwise
	}
	return state
}

// listUnderWay lists orders that have not ended, and those that wait for a person.
func listUnderWay(d data) []Finding {
	ended, states := 0, map[string][]string{}
	for id, o := range d.orders {
		if o.ended() {
			ended++
		} else {
			states[o.state] = append(states[o.state], id)
		}
	}
	f := finding("every order has ended, or is listed", "%d orders, %d ended", len(d.orders), ended)
	for _, state := range slices.Sorted(maps.Keys(states)) {
		ids := slices.Sorted(slices.Values(states[state]))
		what := "under way"
		if state == "attention" {
			what = "needing attention"
		}
		f.list("%d %s (%s), such as %s", len(ids), what, state, ids[0])
	}
	return []Finding{*f}
}
