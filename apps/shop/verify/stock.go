package verify

import (
	"context"
	"database/sql"
)

func (d *data) readInventory(ctx context.Context, m moment) error {
	d.stock, d.reservations = map[string]places{}, map[string]string{}
	err := m.each(ctx, `SELECT sku, on_hand, reserved, shipped FROM stock`, func(rows *sql.Rows) error {
		var sku string
		var p places
		err := rows.Scan(&sku, &p.onHand, &p.reserved, &p.shipped)
		d.stock[sku] = p
		return err
	})
	if err != nil {
		return err
	}
	if err := m.states(ctx, d.reservations, `SELECT order_id, state FROM reservation`); err != nil {
		return err
	}
	if err := d.readMovements(ctx, m); err != nil {
		return err
	}
	return d.readEngine(ctx, m)
}

func (d *data) readMovements(ctx context.Context, m moment) error {
	d.moved, d.held, d.received = map[string]places{}, map[string]places{}, map[string]int64{}
	return m.each(ctx, `SELECT ref, kind, sku, on_hand, reserved, shipped FROM movement`, func(rows *sql.Rows) error {
		var ref, kind, sku string
		var p places
		if err := rows.Scan(&ref, &kind, &sku, &p.onHand, &p.reserved, &p.shipped); err != nil {
			return err
		}
		d.movements++
		d.moved[sku] = d.moved[sku].plus(p)
		if kind == "adjust" {
			d.received[sku] += p.onHand
		} else {
			d.held[ref] = d.held[ref].plus(p)
		}
		return nil
	})
}

// checkStock: every piece that was received is in exactly one place.
func checkStock(d data) []Finding {
	sum := finding("stock on hand + reserved + shipped = received, none negative", "%d products", len(d.stock))
	why := finding("every piece is where its movements brought it", "%d movements", d.movements)
	for sku, p := range d.stock {
		if p.onHand+p.reserved+p.shipped != d.received[sku] {
			sum.violated("%s: %d on hand + %d reserved + %d shipped, of %d received", sku, p.onHand, p.reserved, p.shipped, d.received[sku])
		}
		if p.onHand < 0 || p.reserved < 0 || p.shipped < 0 {
			sum.violated("%s: negative: %+v", sku, p)
		}
		if p != d.moved[sku] {
			why.violated("%s: stock is %+v, movements come to %+v", sku, p, d.moved[sku])
		}
	}
	for sku := range d.moved {
		if _, ok := d.stock[sku]; !ok {
			why.violated("%s: there are movements, and no stock", sku)
		}
	}
	return []Finding{*sum, *why}
}

// checkReservations: what an order has moved is what its reservation says.
func checkReservations(d data) []Finding {
	f := finding("every reservation holds what its state says", "%d reservations", len(d.reservations))
	for id, state := range d.reservations {
		p := d.held[id]
		balanced := p.onHand+p.reserved+p.shipped == 0
		switch {
		case !d.known[id]:
			f.violated("reservation of order %s: there is no such order", id)
		case state == "reserved" && balanced && p.reserved > 0 && p.shipped == 0:
		case state == "committed" && balanced && p.reserved == 0 && p.shipped > 0:
		case state == "released" && p == places{}:
		default:
			f.violated("order %s: reservation is %s, and its movements come to %+v", id, state, p)
		}
	}
	for id := range d.held {
		if d.reservations[id] == "" {
			f.violated("order %s: stock was moved without a reservation", id)
		}
	}
	return []Finding{*f}
}
