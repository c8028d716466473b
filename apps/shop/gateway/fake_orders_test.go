package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/headrace/headrace"
	archive "github.com/headrace/headrace/apps/shop/archive/contract"
	"github.com/headrace/headrace/apps/shop/invalid"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/money"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

func (s *shop) PlaceOrder(ctx context.Context, q orders.PlaceOrder) (orders.PlacedOrder, error) {
	if err := s.enter(ctx, "PlaceOrder"); err != nil {
		return orders.PlacedOrder{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.placed[q.UserID+q.IdempotencyKey]; ok {
		if before.request != requestOf(q) {
			return orders.PlacedOrder{}, fmt.Errorf("place order: %w", orders.ErrConflict)
		}
		return orders.PlacedOrder{OrderID: before.id, Repeated: true}, nil
	}
	cart, err := s.quote(q.Lines)
	if err != nil {
		return orders.PlacedOrder{}, err
	}
	if len(cart.Lines) == 0 {
		return orders.PlacedOrder{}, invalid.Field("lines", "must have 1 to 50")
	}
	id := fmt.Sprintf("order-%d", len(s.orders)+1)
	s.placed[q.UserID+q.IdempotencyKey] = placedOrder{id, requestOf(q)}
	s.orders[id] = orders.Order{
		OrderID: id, UserID: q.UserID, Status: orders.StatusPlaced, Lines: cart.Lines, Total: cart.Total, Cancellable: true,
		CorrelationID: "c-" + id, PlacedAt: s.now, UpdatedAt: s.now,
	}
	return orders.PlacedOrder{OrderID: id}, nil
}

func (s *shop) quote(lines []orders.Item) (orders.Cart, error) {
	cart := orders.Cart{Total: money.EUR(0)}
	for i, l := range lines {
		if l.Qty < 1 || l.Qty > orders.MaxQty {
			return cart, invalid.Field(fmt.Sprintf("lines[%d].qty", i), "must be 1 to 99")
		}
		n := slices.IndexFunc(s.products, func(p inventory.Product) bool { return p.SKU == l.SKU })
		if n < 0 {
			return cart, invalid.Field(fmt.Sprintf("lines[%d].sku", i), "is not in the catalogue")
		}
		p := s.products[n]
		cart.Lines = append(cart.Lines, orders.Line{SKU: p.SKU, Name: p.Name, Qty: l.Qty, UnitPrice: p.Price})
		cart.Total.Amount += p.Price.Amount * l.Qty
	}
	return cart, nil
}

func (s *shop) GetOrder(ctx context.Context, q orders.GetOrder) (orders.Order, error) {
	if err := s.enter(ctx, "GetOrder"); err != nil {
		return orders.Order{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	order, ok := s.orders[q.OrderID]
	if !ok || q.UserID != "" && q.UserID != order.UserID {
		return orders.Order{}, fmt.Errorf("get order: %w", orders.ErrNotFound)
	}
	return order, nil
}

func (s *shop) ListOrders(ctx context.Context, q orders.ListOrders) (orders.OrderPage, error) {
	if err := s.enter(ctx, "ListOrders"); err != nil {
		return orders.OrderPage{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var page orders.OrderPage
	for _, o := range s.orders {
		if (q.UserID == "" || q.UserID == o.UserID) && (q.Status == "" || q.Status == o.Status) {
			page.Orders = append(page.Orders, orders.OrderSummary{
				OrderID: o.OrderID, UserID: o.UserID, Status: o.Status, Reason: o.Reason, Total: o.Total, PlacedAt: o.PlacedAt,
			})
		}
	}
	return page, nil
}

func (s *shop) CancelOrder(ctx context.Context, q orders.CancelOrder) (orders.CancellingOrder, error) {
	if err := s.enter(ctx, "CancelOrder"); err != nil {
		return orders.CancellingOrder{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	order, ok := s.orders[q.OrderID]
	if !ok || q.UserID != "" && q.UserID != order.UserID {
		return orders.CancellingOrder{}, fmt.Errorf("cancel order: %w", orders.ErrNotFound)
	}
	if !order.Cancellable {
		return orders.CancellingOrder{}, fmt.Errorf("cancel order: %w", orders.ErrTooLate)
	}
	order.Cancelling = true
	s.orders[q.OrderID] = order
	return orders.CancellingOrder{OrderID: q.OrderID}, nil
}

func (s *shop) GetCart(ctx context.Context, q orders.GetCart) (orders.Cart, error) {
	if err := s.enter(ctx, "GetCart"); err != nil {
		return orders.Cart{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quote(s.carts[q.UserID])
}

func (s *shop) PutCart(ctx context.Context, q orders.PutCart) (orders.Cart, error) {
	if err := s.enter(ctx, "PutCart"); err != nil {
		return orders.Cart{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cart, err := s.quote(q.Lines)
	if err == nil {
		s.carts[q.UserID] = q.Lines
	}
	return cart, err
}

func (s *shop) ClearCart(ctx context.Context, q orders.ClearCart) error {
	if err := s.enter(ctx, "ClearCart"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.carts, q.UserID)
	return nil
}

// place puts an order of Ann's into the shop, without a service having been asked.
func (s *shop) place(t *testing.T) orders.Order {
	t.Helper()
	q := orders.PlaceOrder{UserID: "user-ann", IdempotencyKey: t.Name(), Lines: []orders.Item{{SKU: "bowl", Qty: 2}}, PaymentToken: "4242"}
	placed, err := s.PlaceOrder(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return s.orders[placed.OrderID]
}

// happen archives an event of the order, and gives the order a status unless it is empty.
func (s *shop) happen(order orders.Order, typ string, status orders.Status) archive.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.events[order.CorrelationID]) + 1
	e := archive.Event{
		ID: fmt.Sprintf("event-%d", n), Position: fmt.Sprintf("1-%d", n), Topic: "orders", Type: typ, Version: 1, Key: order.OrderID,
		Time: s.now, CorrelationID: order.CorrelationID, Source: "orders",
	}
	s.events[order.CorrelationID] = append(s.events[order.CorrelationID], e)
	if status != "" {
		order = s.orders[order.OrderID]
		order.Status, order.UpdatedAt = status, s.now
		s.orders[order.OrderID] = order
	}
	return e
}

// tell publishes an event the way the engine does.
func (s *shop) tell(t *testing.T, e archive.Event) {
	t.Helper()
	data, err := json.Marshal(map[string]any{
		"id": e.ID, "topic": e.Topic, "type": e.Type, "version": e.Version, "key": e.Key, "time": e.Time,
		"correlation": e.CorrelationID, "source": e.Source, "partition": e.Partition, "position": e.Position, "data": map[string]any{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.live.Publish(t.Context(), headrace.LiveSubject(e.Topic, e.Type), data); err != nil {
		t.Fatal(err)
	}
}
