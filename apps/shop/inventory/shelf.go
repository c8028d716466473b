package inventory

import (
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
)

// shelf decides about requests: it knows what they are about, and notes what is to be written and said.
type shelf struct {
	onHand       map[string]int64
	reservations map[string]reservation // by order
	newID        func() string
	low          int64 // below how many pieces a StockLow warns

	changed []string // orders whose reservation is new or another
	moved   []moved
	answers []answer
}

// moved is a movement, and why it was made.
type moved struct {
	ref  string
	kind kind
	movement
}

// answer is what is said because of a request.
type answer struct {
	cause headrace.Metadata
	say   func(tx *headrace.Tx, o headrace.PublishOption) error
}

func say[T any](s *shelf, r request, c headrace.Contract[T], data T) {
	s.answers = append(s.answers, answer{r.event, func(tx *headrace.Tx, o headrace.PublishOption) error { return c.Publish(tx, data, o) }})
}

// decide does what one request asks for.
func (s *shelf) decide(r request) error {
	switch r.kind {
	case reserve:
		s.reserve(r)
		return nil
	case release:
		return s.release(r)
	default:
		return s.commit(r)
	}
}

// reserve sets all lines of an order aside, or none. A request that comes again is answered again; one that was released before it came is
// dropped, because the release has been answered.
func (s *shelf) reserve(r request) {
	if known, found := s.reservations[r.orderID]; found {
		if known.state == "reserved" {
			say(s, r, contract.Reserved, contract.ReservedData{ReservationID: known.id, OrderID: r.orderID, Lines: known.lines})
		}
		return
	}
	if missing := shortages(r.lines, s.onHand); len(missing) > 0 || len(r.lines) == 0 {
		say(s, r, contract.Rejected, contract.RejectedData{OrderID: r.orderID, Shortages: missing})
		return
	}
	for _, line := range r.lines {
		if left := s.onHand[line.SKU] - line.Qty; crossesLow(s.onHand[line.SKU], line.Qty, s.low) {
			say(s, r, contract.StockLow, contract.StockLowData{SKU: line.SKU, OnHand: left})
		}
	}
	made := reservation{orderID: r.orderID, id: s.newID(), state: "reserved", lines: r.lines}
	s.put(made, reserve)
	say(s, r, contract.Reserved, contract.ReservedData{ReservationID: made.id, OrderID: r.orderID, Lines: made.lines})
}

// release gives back what an order has, and makes sure that it never gets anything: when there is no reservation yet, it leaves a
// tombstone that the late request will find.
func (s *shelf) release(r request) error {
	known, found := s.reservations[r.orderID]
	switch {
	case !found:
		known = reservation{orderID: r.orderID, id: s.newID(), state: "released"}
		s.put(known, release)
	case known.state == "reserved":
		known.state = "released"
		s.put(known, release)
	case known.state == "committed":
		return headrace.Permanent(fmt.Errorf("release stock of order %s: it has left the shelf", r.orderID))
	}
	say(s, r, contract.Released, contract.ReleasedData{OrderID: r.orderID, Lines: known.lines})
	return nil
}

// commit takes what an order has off the shelf for good.
func (s *shelf) commit(r request) error {
	known, found := s.reservations[r.orderID]
	switch {
	case !found || known.state == "released":
		return headrace.Permanent(fmt.Errorf("commit stock of order %s: nothing is reserved", r.orderID))
	case known.state == "reserved":
		known.state = "committed"
		s.put(known, commit)
	}
	say(s, r, contract.Committed, contract.CommittedData{OrderID: r.orderID, Lines: known.lines})
	return nil
}

// put notes what has become of a reservation, and moves its pieces.
func (s *shelf) put(r reservation, how kind) {
	s.reservations[r.orderID] = r
	s.changed = append(s.changed, r.orderID)
	for _, m := range how.moves(r.lines) {
		s.onHand[m.sku] += m.onHand
		s.moved = append(s.moved, moved{r.orderID, how, m})
	}
}
