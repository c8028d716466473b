package verify

// checkMails: one mail for each reason. A mail that is missing is on its way for as long as there is an event that it may come of; when
// there is none left, it is lost.
func checkMails(d data) []Finding {
	total := 0
	once := finding("at most one mail for each reason", "")
	for ref, templates := range d.mails {
		for template, n := range templates {
			total += n
			if n > 1 {
				once.violated("%d mails %s about %s", n, template, ref)
			}
		}
	}
	once.Counted = finding("", "%d mails", total).Counted
	all := finding("a mail for every reason", "%d orders", len(d.orders))
	missing := 0
	for id, o := range d.orders {
		for _, template := range o.mails() {
			if d.mails[id][template] == 0 {
				missing++
				all.violated("order %s is %s, and there is no mail %s", id, o.status, template)
			}
		}
	}
	if missing > 0 && !d.caughtUp("orders", "notifications", "orders") {
		all.Violations = nil
		all.list("mails on their way: %d", missing)
	}
	return []Finding{*once, *all}
}

// mails are what an order that is where it is must have caused.
func (o order) mails() []string {
	switch o.state {
	case "fulfilled":
		return []string{"order_confirmed", "order_fulfilled"}
	case "attention", "sending", "capturing", "committing", "delivering", "confirmed":
		return []string{"order_confirmed"}
	case "cancelled":
		return []string{"order_cancelled"}
	default:
		return nil
	}
}
