package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/archive"
	"github.com/headrace/headrace/apps/shop/gateway"
	"github.com/headrace/headrace/apps/shop/identity"
	"github.com/headrace/headrace/apps/shop/inventory"
	"github.com/headrace/headrace/apps/shop/notifications"
	"github.com/headrace/headrace/apps/shop/orders"
	"github.com/headrace/headrace/apps/shop/payments"
	"github.com/headrace/headrace/apps/shop/shipping"
	"github.com/headrace/headrace/memory"
)

// streamBound is how many of a partition's newest events the broker keeps in memory. Who is further behind reads the journal.
const streamBound = 128

// serve runs the shop until ctx ends: databases, services, what connects them, and the front door, in this order. It stops in the opposite
// one, so that what the door has let in is finished.
func serve(ctx context.Context, c config, out io.Writer) (err error) {
	stores, err := openStores(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stores.close()) }()

	identities := identity.New(stores.services["identity"], identity.Settings{})
	stock := inventory.New(stores.services["inventory"], inventory.Settings{})
	order := orders.New(stores.services["orders"], orders.Settings{CancelWithin: c.cancelWithin})
	payment := payments.New(stores.services["payments"], payments.Settings{Provider: stores.provider, Logger: c.log})
	parcels := shipping.New(stores.services["shipping"], shipping.Settings{Fetch: c.fetch, Carry: c.carry})
	mails := notifications.New(stores.services["notifications"], notifications.Settings{})
	events := archive.New(stores.services["archive"], archive.Settings{Topics: topics()})

	live := memory.NewLive()
	defer live.Close()
	broker := memory.NewBroker(memory.BrokerConfig{Bound: streamBound})
	defer broker.Close()
	app := &headrace.App{Broker: broker, Live: live, Logger: c.log}
	for _, s := range []*headrace.Service{
		identities.Service, order.Service, payment.Service, stock.Service, parcels.Service, mails.Service, events.Service,
	} {
		if c.runs(s.Name()) {
			app.Services = append(app.Services, s)
		}
	}

	back := []func(context.Context) error{app.Run}
	if c.runs("payments") {
		back = append(back, payment.Run)
	}
	var seeds []func(context.Context) error
	if c.runs("identity") {
		seeds = append(seeds, identities.Seed)
	}
	if c.runs("inventory") {
		seeds = append(seeds, stock.Seed)
	}
	open := &door{app: app, orders: order}
	door := gateway.New(gateway.Config{
		Identity: identities, Orders: order, Inventory: stock, Archive: events, Notifications: mails,
		Live: live, Ready: open.ready, Logger: c.log, AllMails: true,
	})
	return supervise(ctx, back, func(ctx context.Context) error {
		return c.front(ctx, out, app, seeds, door)
	})
}

// front waits until the services run, seeds a fresh shop, says what runs where, and serves HTTP if the gateway is to run here.
func (c config) front(ctx context.Context, out io.Writer, app *headrace.App, seeds []func(context.Context) error, door *gateway.Gateway) error {
	select {
	case <-app.Ready():
	case <-ctx.Done():
		return nil
	}
	for _, seed := range seeds {
		if err := seed(ctx); err != nil {
			return err
		}
	}
	if !c.runs("gateway") {
		c.describe(out, "")
		<-ctx.Done()
		return nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("open the front door: %w", err)
	}
	c.describe(out, listener.Addr().String())
	if c.started != nil {
		c.started(listener.Addr().String())
	}
	return door.Serve(ctx, listener)
}

// supervise runs front until ctx ends, with everything of back running behind it. When anything fails, everything stops; back stops after
// front. It returns when all have ended.
func supervise(ctx context.Context, back []func(context.Context) error, front func(context.Context) error) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failures := make(chan error, len(back))
	var running sync.WaitGroup
	for _, run := range back {
		running.Go(func() {
			if err := run(behind); err != nil {
				failures <- err
				fail(err)
			}
		})
	}
	err := front(ctx)
	stop()
	running.Wait()
	close(failures)
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	return err
}
