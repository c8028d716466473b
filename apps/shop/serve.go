package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/archive"
	"github.com/headrace/headrace/apps/shop/gateway"
	"github.com/headrace/headrace/apps/shop/identity"
	"github.com/headrace/headrace/apps/shop/inventory"
	"github.com/headrace/headrace/apps/shop/notifications"
	"github.com/headrace/headrace/apps/shop/orders"
	"github.com/headrace/headrace/apps/shop/payments"
	"github.com/headrace/headrace/apps/shop/shipping"
)

// serve runs the shop until ctx ends: databases, services, what connects them, and the front door, in this order. It stops in the opposite
// one, so that what the door has let in is finished.
func serve(ctx context.Context, c config, out io.Writer) (err error) {
	stores, err := openStores(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stores.close()) }()

	broker, err := c.broker()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Close()) }()
	live, err := c.live()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, live.Close()) }()
	s := newShop(c, stores)
	app := &headrace.App{Broker: broker, Live: live, Services: s.chosen(c), Logger: c.log}
	door := &door{app: app, orders: s.orders}
	front := gateway.New(gateway.Config{
		Identity: s.identity, Orders: s.orders, Inventory: s.inventory, Archive: s.archive, Notifications: s.notifications,
		Live: live, Ready: door.open, Logger: c.log,
	})

	back := []func(context.Context) error{app.Run}
	if c.runs("payments") {
		back = append(back, s.payments.Run)
	}
	return supervise(ctx, back, func(ctx context.Context) error {
		select {
		case <-app.Ready():
			return c.open(ctx, s, door, front, out)
		case <-ctx.Done():
			return nil
		}
	})
}

// shop is all services. Those that are neither run nor asked here have no store, and answer every question with an error that says so.
type shop struct {
	identity      *identity.Identity
	orders        *orders.Orders
	payments      *payments.Payments
	inventory     *inventory.Inventory
	shipping      *shipping.Shipping
	notifications *notifications.Notifications
	archive       *archive.Archive
}

func newShop(c config, s *stores) *shop {
	return &shop{
		identity:      identity.New(s.services["identity"], identity.Settings{PublishOnly: c.asks("identity")}),
		orders:        orders.New(s.services["orders"], orders.Settings{CancelWithin: c.cancelWithin, PublishOnly: c.asks("orders")}),
		payments:      payments.New(s.services["payments"], payments.Settings{Provider: s.provider, Process: c.process(), Logger: c.log}),
		inventory:     inventory.New(s.services["inventory"], inventory.Settings{PublishOnly: c.asks("inventory")}),
		shipping:      shipping.New(s.services["shipping"], shipping.Settings{Fetch: c.fetch, Carry: c.carry}),
		notifications: notifications.New(s.services["notifications"], notifications.Settings{PublishOnly: c.asks("notifications")}),
		archive:       archive.New(s.services["archive"], archive.Settings{Topics: topics(), PublishOnly: c.asks("archive")}),
	}
}

// process names this process among those that have the same databases open: a file has no others.
func (c config) process() string {
	if c.postgres == "" {
		return ""
	}
	return rand.Text()
}

// chosen are the services that are to run here, and those that are asked here.
func (s *shop) chosen(c config) []*headrace.Service {
	var chosen []*headrace.Service
	for _, service := range []*headrace.Service{
		s.identity.Service, s.orders.Service, s.payments.Service, s.inventory.Service, s.shipping.Service, s.notifications.Service,
		s.archive.Service,
	} {
		if c.opens(service.Name()) {
			chosen = append(chosen, service)
		}
	}
	return chosen
}

// open seeds a fresh shop, says what runs where, and serves HTTP until ctx ends.
func (c config) open(ctx context.Context, s *shop, door *door, front *gateway.Gateway, out io.Writer) error {
	if err := c.seed(ctx, s); err != nil {
		return err
	}
	if !c.runs("gateway") {
		_, _ = io.WriteString(out, c.describe(""))
		if c.started != nil {
			c.started("")
		}
		<-ctx.Done()
		return nil
	}
	if !door.await(ctx) {
		return nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("open the front door: %w", err)
	}
	_, _ = io.WriteString(out, c.describe(listener.Addr().String()))
	if c.started != nil {
		c.started(listener.Addr().String())
	}
	return front.Serve(ctx, listener)
}

func (c config) seed(ctx context.Context, s *shop) error {
	if c.runs("identity") {
		if err := s.identity.Seed(ctx); err != nil {
			return err
		}
	}
	if c.runs("inventory") {
		return s.inventory.Seed(ctx)
	}
	return nil
}
