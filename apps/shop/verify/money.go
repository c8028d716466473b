package verify

import "slices"

// checkLedger: double entry. It is tried posting by posting, which says more than the sum of all.
func checkLedger(d data) []Finding {
	f := finding("the ledger sums to zero, and so does every posting", "%d entries in %d postings", d.entries, len(d.postings))
	var total int64
	for posting, sum := range d.postings {
		total += sum
		if sum != 0 {
			f.violated("posting %s sums to %d", posting, sum)
		}
	}
	if total != 0 {
		f.violated("all entries sum to %d", total)
	}
	return []Finding{*f}
}

// checkPayments: the ledger says of every payment what its state says.
func checkPayments(d data) []Finding {
	books := finding("every payment is in the ledger as its state says", "%d payments", len(d.payments))
	for id, p := range d.payments {
		if got := d.ledger[id]; !slices.Contains(expectedBalances(p), got) {
			books.violated("order %s: payment of %d is %s, and the ledger says %+v", id, p.amount, p.state, got)
		}
	}
	for id := range d.ledger {
		if _, ok := d.payments[id]; !ok {
			books.violated("order %s: the ledger has entries, and there is no payment", id)
		}
	}
	if d.intents > 0 {
		books.list("calls to the provider under way: %d", d.intents)
	}
	amounts := finding("every payment is of an order, over its total", "%d payments", len(d.payments))
	for id, p := range d.payments {
		o, read := d.orders[id]
		switch tombstone := p.amount == 0 && p.currency == ""; {
		case !d.known[id]:
			amounts.violated("payment of order %s: there is no such order", id)
		case read && !tombstone && (p.amount != o.total || p.currency != o.currency):
			amounts.violated("order %s: total is %d %s, payment is %d %s", id, o.total, o.currency, p.amount, p.currency)
		}
	}
	return []Finding{*books, *amounts}
}

// expectedBalances are what the ledger may say of a payment in its state.
func expectedBalances(p payment) []balance {
	nothing, held := balance{}, balance{holds: p.amount, cards: -p.amount}
	switch p.state {
	case "authorizing", "declined", "voided":
		return []balance{nothing}
	case "authorized", "capturing", "capture_failed":
		return []balance{held}
	case "voiding": // it may have been asked for before the provider had answered
		return []balance{nothing, held}
	case "captured":
		return []balance{{bank: p.amount, sales: -p.amount}}
	default:
		return nil
	}
}

// checkProvider: what the provider really did is what our books say. The provider is read after the books, so it may be ahead of them for
// orders under way, and never behind.
func checkProvider(d data) []Finding {
	once := finding("nobody is charged twice for an order, or without one", "%d charges", len(d.holds))
	same := finding("the provider's file equals our ledger", "%d charges", len(d.holds))
	really, captured := map[string]balance{}, map[string]int64{}
	for _, h := range d.holds {
		if _, twice := really[h.reference]; twice {
			once.violated("order %s was charged twice", h.reference)
		}
		if !d.paid[h.reference] {
			once.violated("order %s was charged, and there is no payment", h.reference)
		}
		captured[h.reference] = h.captured
		really[h.reference] = balance{holds: h.held, cards: -h.held, bank: h.captured - h.refunded, sales: h.refunded - h.captured}
	}
	for id := range d.payments {
		books, charged := d.ledger[id], really[id]
		if o := d.orders[id]; o.ended() && books != charged {
			same.violated("order %s is %s: the ledger says %+v, the provider %+v", id, o.status, books, charged)
		} else if books.bank > captured[id] {
			same.violated("order %s: %d are in the ledger as ours, %d at the provider", id, books.bank, captured[id])
		}
	}
	return []Finding{*once, *same}
}
