package verify

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

func (d *data) readOrders(ctx context.Context, m moment) error {
	d.orders = map[string]order{}
	err := m.each(ctx, `SELECT id, state, status, currency, total, lines FROM shop_order`, func(rows *sql.Rows) error {
		var id, lines string
		var o order
		if err := rows.Scan(&id, &o.state, &o.status, &o.currency, &o.total, &lines); err != nil {
			return err
		}
		var parsed []struct{ Qty int64 }
		if err := json.Unmarshal([]byte(lines), &parsed); err != nil {
			return fmt.Errorf("lines of order %s: %w", id, err)
		}
		for _, line := range parsed {
			o.pieces += line.Qty
		}
		d.orders[id] = o
		return nil
	})
	if err != nil {
		return err
	}
	return d.readEngine(ctx, m)
}

func (d *data) readKnown(ctx context.Context, m moment) (err error) {
	d.known, err = m.ids(ctx, `SELECT id FROM shop_order`)
	return err
}

func (d *data) readPayments(ctx context.Context, m moment) error {
	d.payments = map[string]payment{}
	err := m.each(ctx, `SELECT order_id, state, currency, amount FROM payment`, func(rows *sql.Rows) error {
		var id string
		var p payment
		err := rows.Scan(&id, &p.state, &p.currency, &p.amount)
		d.payments[id] = p
		return err
	})
	if err != nil {
		return err
	}
	if err := m.tx.QueryRowContext(ctx, `SELECT count(*) FROM intent`).Scan(&d.intents); err != nil {
		return err
	}
	if err := d.readLedger(ctx, m); err != nil {
		return err
	}
	return d.readEngine(ctx, m)
}

func (d *data) readLedger(ctx context.Context, m moment) error {
	d.postings, d.ledger = map[string]int64{}, map[string]balance{}
	return m.each(ctx, `SELECT posting, account, order_id, amount FROM ledger`, func(rows *sql.Rows) error {
		var posting, account, id string
		var amount int64
		if err := rows.Scan(&posting, &account, &id, &amount); err != nil {
			return err
		}
		d.entries++
		d.postings[posting] += amount
		b := d.ledger[id]
		switch account {
		case "holds":
			b.holds += amount
		case "cards":
			b.cards += amount
		case "bank":
			b.bank += amount
		case "sales":
			b.sales += amount
		default:
			return fmt.Errorf("ledger has an unknown account %q", account)
		}
		d.ledger[id] = b
		return nil
	})
}

func (d *data) readProvider(ctx context.Context, m moment) error {
	return m.each(ctx, `SELECT reference, currency, held, captured, refunded FROM hold`, func(rows *sql.Rows) error {
		var h hold
		err := rows.Scan(&h.reference, &h.currency, &h.held, &h.captured, &h.refunded)
		d.holds = append(d.holds, h)
		return err
	})
}

func (d *data) readPaid(ctx context.Context, m moment) (err error) {
	d.paid, err = m.ids(ctx, `SELECT order_id FROM payment`)
	return err
}

func (d *data) readShipping(ctx context.Context, m moment) error {
	d.shipments = map[string]string{}
	if err := m.states(ctx, d.shipments, `SELECT order_id, state FROM shipment`); err != nil {
		return err
	}
	return d.readEngine(ctx, m)
}

func (d *data) readMails(ctx context.Context, m moment) error {
	d.mails = map[string]map[string]int{}
	err := m.each(ctx, `SELECT ref_id, template, count(*) FROM mail GROUP BY ref_id, template`, func(rows *sql.Rows) error {
		var ref, template string
		var n int
		if err := rows.Scan(&ref, &template, &n); err != nil {
			return err
		}
		if d.mails[ref] == nil {
			d.mails[ref] = map[string]int{}
		}
		d.mails[ref][template] = n
		return nil
	})
	if err != nil {
		return err
	}
	return d.readEngine(ctx, m)
}

// ids is the set of what a query of one column returns.
func (m moment) ids(ctx context.Context, query string) (map[string]bool, error) {
	set := map[string]bool{}
	err := m.each(ctx, query, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		set[id] = true
		return err
	})
	return set, err
}

func (m moment) states(ctx context.Context, into map[string]string, query string) error {
	return m.each(ctx, query, func(rows *sql.Rows) error {
		var id, state string
		err := rows.Scan(&id, &state)
		into[id] = state
		return err
	})
}
