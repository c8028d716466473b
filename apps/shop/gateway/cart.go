package gateway

import (
	"net/http"

	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

type cartRequest struct {
	Lines []orders.Item `json:"lines"`
}

func (g *Gateway) getCart(w http.ResponseWriter, r *http.Request, s *session) error {
	cart, err := g.config.Orders.GetCart(r.Context(), orders.GetCart{UserID: s.UserID})
	if err != nil {
		return err
	}
	return writeCart(w, cart)
}

// putCart replaces the whole cart, so that sending it twice changes nothing.
func (g *Gateway) putCart(w http.ResponseWriter, r *http.Request, s *session) error {
	q, err := readJSON[cartRequest](w, r)
	if err != nil {
		return err
	}
	cart, err := g.config.Orders.PutCart(r.Context(), orders.PutCart{UserID: s.UserID, Lines: q.Lines})
	if err != nil {
		return err
	}
	return writeCart(w, cart)
}

func (g *Gateway) clearCart(w http.ResponseWriter, r *http.Request, s *session) error {
	if err := g.config.Orders.ClearCart(r.Context(), orders.ClearCart{UserID: s.UserID}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func writeCart(w http.ResponseWriter, cart orders.Cart) error {
	cart.Lines = listed(cart.Lines)
	return writeJSON(w, http.StatusOK, cart)
}
