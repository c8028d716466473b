// Package notifications is the service that writes to users. It promises one mail per reason, whatever is repeated. Mails go into a table,
// which a page of the shop shows.
package notifications

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/headrace/headrace"
	identity "github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/apps/shop/notifications/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/driver"
)

// Schema creates the service's tables, on SQLite and PostgreSQL.
//
//go:embed schema.sql
var Schema string

// errNoContact: an order's event came before its buyer's. Both are on their way, on topics that know no common order, so trying again helps.
var errNoContact = errors.New("the user is not known yet")

// Settings are what a shop may choose. The zero value is useful.
type Settings struct {
	// PublishOnly makes this process one that only asks the service; others, which run it on the same database, relay and handle.
	PublishOnly bool
	// Clock tells the time. Default: the machine's.
	Clock driver.Clock
}

// Notifications is the service. Its methods may be called concurrently.
type Notifications struct {
	Service *headrace.Service
}

// New makes the service on a store that has the tables of Schema.
func New(store driver.Store, settings Settings) *Notifications {
	n := &Notifications{}
	patience := headrace.Retry{Attempts: 20, Quick: 1, Min: 50 * time.Millisecond, Max: 10 * time.Second}
	n.Service = headrace.NewService(headrace.ServiceConfig{
		Name:        "notifications",
		Store:       store,
		PublishOnly: settings.PublishOnly,
		Clock:       settings.Clock,
		Owns:        []headrace.Topic{contract.Topic},
		Handlers: []headrace.Handler{
			headrace.On(identity.Registered, n.registered),
			headrace.On(identity.ProfileUpdated, n.profileUpdated),
			headrace.On(orders.Confirmed, n.confirmed, patience),
			headrace.On(orders.Fulfilled, n.fulfilled, patience),
			headrace.On(orders.Cancelled, n.cancelled, patience),
		},
	})
	return n
}

func (n *Notifications) registered(ctx context.Context, tx *headrace.Tx, e headrace.Event[identity.RegisteredData]) error {
	c := contact{userID: e.Data.UserID, email: e.Data.Email, name: e.Data.DisplayName}
	if err := saveContact(ctx, tx, c); err != nil {
		return err
	}
	return n.send(ctx, tx, c, welcome(c.userID, c.name))
}

func (n *Notifications) profileUpdated(ctx context.Context, tx *headrace.Tx, e headrace.Event[identity.ProfileUpdatedData]) error {
	return rename(ctx, tx, e.Data.UserID, e.Data.DisplayName)
}

func (n *Notifications) confirmed(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.ConfirmedData]) error {
	return n.write(ctx, tx, e.Data.UserID, func(name string) letter { return confirmed(e.Data, name) })
}

func (n *Notifications) fulfilled(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.FulfilledData]) error {
	return n.write(ctx, tx, e.Data.UserID, func(name string) letter { return fulfilled(e.Data, name) })
}

func (n *Notifications) cancelled(ctx context.Context, tx *headrace.Tx, e headrace.Event[orders.CancelledData]) error {
	return n.write(ctx, tx, e.Data.UserID, func(name string) letter { return cancelled(e.Data, name) })
}

// write sends a letter to a user.
func (n *Notifications) write(ctx context.Context, tx *headrace.Tx, userID string, compose func(name string) letter) error {
	c, found, err := findContact(ctx, tx, userID)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("write to user %s: %w", userID, errNoContact)
	}
	return n.send(ctx, tx, c, compose(c.name))
}

// send writes a mail, unless one was written for the same reason.
func (n *Notifications) send(ctx context.Context, tx *headrace.Tx, to contact, l letter) error {
	added, err := addMail(ctx, tx, n.Service.NewID(), to, l)
	if err != nil || !added {
		return err
	}
	return contract.Sent.Publish(tx, contract.SentData{Template: l.template, Channel: "mail", RefID: l.refID, DedupeKey: l.dedupeKey()})
}
