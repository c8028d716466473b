package verify

import (
	"context"
	"fmt"
)

// data is everything that the invariants are about.
type data struct {
	orders map[string]order // by id, as all maps below are

	postings map[string]int64 // sum of the entries of each
	entries  int
	ledger   map[string]balance
	payments map[string]payment
	intents  int

	holds []hold
	paid  map[string]bool // orders that have a payment, read after holds

	stock        map[string]places // by SKU
	moved        map[string]places // the same, added up from movements
	received     map[string]int64
	movements    int
	held         map[string]places // by order
	reservations map[string]string // state

	shipments map[string]string         // state
	mails     map[string]map[string]int // by what they are about, then template

	known   map[string]bool // all orders, read last
	engines map[string]engine
	heads   map[place]position // read last
	kept    map[place]position // how far the archive is, by its rows
}

// order is what orders says of one.
type order struct {
	state, status, currency string
	total, pieces           int64
}

// balance is an order's part of the ledger, by account.
type balance struct{ holds, cards, bank, sales int64 }

type payment struct {
	state, currency string
	amount          int64
}

// hold is what the provider really did.
type hold struct {
	reference, currency      string
	held, captured, refunded int64
}

// places is how many pieces are where.
type places struct{ onHand, reserved, shipped int64 }

func (p places) plus(q places) places {
	return places{p.onHand + q.onHand, p.reserved + q.reserved, p.shipped + q.shipped}
}

// services are those with a database that the engine works in.
func services() []string {
	return []string{"orders", "payments", "inventory", "shipping", "notifications", "identity", "archive"}
}

// read reads one database after the other. The order matters: see the package comment.
func read(ctx context.Context, from Source) (data, error) {
	d := data{engines: map[string]engine{}, heads: map[place]position{}}
	for _, step := range []struct {
		database string
		read     func(context.Context, moment) error
	}{
		{"orders", d.readOrders},
		{"payments", d.readPayments},
		{"provider", d.readProvider},
		{"payments", d.readPaid},
		{"inventory", d.readInventory},
		{"shipping", d.readShipping},
		{"notifications", d.readMails},
		{"identity", d.readEngine},
		{"archive", d.readArchive},
		{"orders", d.readKnown},
	} {
		err := from.at(ctx, step.database, func(m moment) error { return step.read(ctx, m) })
		if err != nil {
			return d, fmt.Errorf("verify: %w", err)
		}
	}
	for _, name := range services() {
		if err := from.at(ctx, name, func(m moment) error { return d.readHeads(ctx, m) }); err != nil {
			return d, fmt.Errorf("verify: %w", err)
		}
	}
	return d, nil
}
