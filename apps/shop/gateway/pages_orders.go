package gateway

import (
	"fmt"
	"net/http"
	"time"

	archive "github.com/headrace/headrace/apps/shop/archive/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// settling is how long after its last change an order's page still looks for late events, such as the mail about it.
const settling = 5 * time.Second

type ordersData struct {
	orders.OrderPage
	First bool
}

type orderData struct {
	orders.Order
	Steps   []step
	Rows    []row
	Running bool
}

// step is one of the four stations of an order. State is "done", "now" or "ahead".
type step struct{ Text, State string }

// row is an event of the timeline as people read it.
type row struct {
	archive.Event
	Since   string // the time since the order was placed
	Request bool   // the shop asks a service for something; otherwise something has happened
}

func (g *Gateway) ordersPage(w http.ResponseWriter, r *http.Request, s *session) error {
	part, err := readListPart(r)
	if err != nil {
		return err
	}
	list, err := g.config.Orders.ListOrders(r.Context(), orders.ListOrders{UserID: s.UserID, After: part.after, Limit: part.limit})
	if err != nil {
		return err
	}
	return g.showTo(w, r, s, "orders.html", page{Title: "Your orders", Data: ordersData{list, part.after == ""}})
}

func (g *Gateway) orderPage(w http.ResponseWriter, r *http.Request, s *session) error {
	return g.showOrder(w, r, s, nil)
}

func (g *Gateway) showOrder(w http.ResponseWriter, r *http.Request, s *session, fault *problem) error {
	order, err := g.order(r, s)
	if err != nil {
		return err
	}
	events, err := g.timeline(r.Context(), order)
	if err != nil {
		return err
	}
	running := !ended(order.Status) || g.clock.Now().Sub(order.UpdatedAt) < settling
	data := orderData{Order: order, Steps: stepsOf(order.Status), Rows: rowsOf(order, events), Running: running}
	return g.showTo(w, r, s, "order.html", page{
		Title: "Order " + short(order.OrderID), Fault: fault, Reload: running, Script: true, Data: data,
	})
}

// cancelFromPage asks for the cancellation and goes back to the order, which tells the rest.
func (g *Gateway) cancelFromPage(w http.ResponseWriter, r *http.Request, s *session) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	cancelling, err := g.cancel(r, s, "buyer changed their mind")
	if err != nil {
		if fault := faultIn(err); fault != nil {
			return g.showOrder(w, r, s, fault)
		}
		return err
	}
	http.Redirect(w, r, "/orders/"+cancelling.OrderID, http.StatusSeeOther)
	return nil
}

// stepsOf are the stations of an order that goes its way. One that was cancelled or waits for a person has none: its page says so instead.
func stepsOf(status orders.Status) []step {
	way := []orders.Status{orders.StatusPlaced, orders.StatusConfirmed, orders.StatusShipped, orders.StatusFulfilled}
	steps, state := make([]step, 0, len(way)), "done"
	for _, station := range way {
		if station == status && status != orders.StatusFulfilled {
			steps, state = append(steps, step{statusText(station), "now"}), "ahead"
			continue
		}
		steps = append(steps, step{statusText(station), state})
		if station == status {
			state = "ahead"
		}
	}
	if status == orders.StatusCancelled || status == orders.StatusNeedsAttention {
		return nil
	}
	return steps
}

func rowsOf(order orders.Order, events []archive.Event) []row {
	rows := make([]row, len(events))
	for i, e := range events {
		rows[i] = row{Event: e, Since: since(e.Time.Sub(order.PlacedAt)), Request: e.Topic == orders.Fulfilment.Name}
	}
	return rows
}

// since writes a time as people compare it: milliseconds, then seconds, then minutes.
func since(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}
