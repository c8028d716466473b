package gateway

import (
	"net/http"

	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

type orderRequest struct {
	Lines        []orders.Item `json:"lines"`
	PaymentToken string        `json:"payment_token"`
}

type cancelRequest struct {
	Reason string `json:"reason"`
}

// placeOrder answers as soon as the order is placed; what becomes of it is told by the order, its timeline and its events.
func (g *Gateway) placeOrder(w http.ResponseWriter, r *http.Request, s *session) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	q, err := readJSON[orderRequest](w, r)
	if err != nil {
		return err
	}
	placed, err := g.config.Orders.PlaceOrder(r.Context(), orders.PlaceOrder{
		UserID: s.UserID, IdempotencyKey: key, Lines: q.Lines, PaymentToken: q.PaymentToken,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/orders/"+placed.OrderID)
	return writeJSON(w, http.StatusAccepted, placed)
}

func (g *Gateway) getOrder(w http.ResponseWriter, r *http.Request, s *session) error {
	order, err := g.order(r, s)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, order)
}

// order is the one that the path names. Somebody else's is not found, so that nobody learns that it exists.
func (g *Gateway) order(r *http.Request, s *session) (orders.Order, error) {
	id := r.PathValue("id")
	if !validID(id) {
		return orders.Order{}, noOrder(id)
	}
	order, err := g.config.Orders.GetOrder(r.Context(), orders.GetOrder{OrderID: id, UserID: s.owner()})
	order.Lines = listed(order.Lines)
	return order, naming(err, orders.ErrNotFound, noOrder(id))
}

func noOrder(id string) *problem {
	return refuse(http.StatusNotFound, "order_not_found", "there is no order %q", shorten(id, maxID)).at("id")
}

func (g *Gateway) listOrders(w http.ResponseWriter, r *http.Request, s *session) error {
	return g.writeOrders(w, r, s.UserID)
}

func (g *Gateway) writeOrders(w http.ResponseWriter, r *http.Request, user string) error {
	part, err := readListPart(r)
	if err != nil {
		return err
	}
	status, err := readStatus(r)
	if err != nil {
		return err
	}
	page, err := g.config.Orders.ListOrders(r.Context(), orders.ListOrders{UserID: user, Status: status, After: part.after, Limit: part.limit})
	if err != nil {
		return err
	}
	page.Orders = listed(page.Orders)
	return writeJSON(w, http.StatusOK, page)
}

func readStatus(r *http.Request) (orders.Status, error) {
	switch status := orders.Status(r.URL.Query().Get("status")); status {
	case "", orders.StatusPlaced, orders.StatusConfirmed, orders.StatusShipped, orders.StatusFulfilled, orders.StatusCancelled, orders.StatusNeedsAttention:
		return status, nil
	default:
		return "", refuse(http.StatusBadRequest, "invalid_parameter", "status is %q; no order is ever that", shorten(string(status), 40)).at("status")
	}
}

// cancelOrder asks for the cancellation; it is done when everything is given back. To ask twice is no error.
func (g *Gateway) cancelOrder(w http.ResponseWriter, r *http.Request, s *session) error {
	q := cancelRequest{}
	if r.ContentLength != 0 {
		var err error
		if q, err = readJSON[cancelRequest](w, r); err != nil {
			return err
		}
	}
	cancelling, err := g.cancel(r, s, q.Reason)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusAccepted, cancelling)
}

// maxReason is how long a reason may be, in bytes.
const maxReason = 500

func (g *Gateway) cancel(r *http.Request, s *session, reason string) (orders.CancellingOrder, error) {
	id := r.PathValue("id")
	switch {
	case !validID(id):
		return orders.CancellingOrder{}, noOrder(id)
	case len(reason) > maxReason:
		return orders.CancellingOrder{}, refuse(http.StatusUnprocessableEntity, "invalid_field", "reason: longer than %d bytes", maxReason).at("reason")
	}
	q := orders.CancelOrder{OrderID: id, UserID: s.owner(), By: "buyer", Reason: reason}
	if s.admin() {
		q.By = "admin"
	}
	cancelling, err := g.config.Orders.CancelOrder(r.Context(), q)
	return cancelling, naming(err, orders.ErrNotFound, noOrder(id))
}
