package verify

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInvariants tries all of them on every engine.
func TestInvariants(t *testing.T) {
	t.Parallel()
	for engine, found := range map[string]func(*testing.T) func(*testing.T) shop{"sqlite": onFiles, "postgres": onServer} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			another := found(t)
			t.Run("sound", func(t *testing.T) { testSoundShop(t, another) })
			t.Run("lie", func(t *testing.T) { testEveryLieIsFound(t, another) })
			t.Run("under way", func(t *testing.T) { testUnderWayIsNoLie(t, another) })
			t.Run("moment", func(t *testing.T) { testOneMoment(t, another) })
		})
	}
}

func testSoundShop(t *testing.T, another func(*testing.T) shop) {
	t.Parallel()
	r, err := Run(t.Context(), another(t).source)
	if err != nil || !r.OK() {
		t.Fatalf("%v\n%s", err, r)
	}
	for _, want := range []string{
		"12 entries in 5 postings", "4 charges", "5 payments", "1 products", "9 movements", "5 reservations", "6 mails", "6 orders, 4 ended",
		"1 needing attention (attention), such as stuck", "1 under way (authorizing), such as running", "all invariants hold",
		"calls to the provider under way: 1", "events that somebody has not heard yet: 1",
	} {
		if !strings.Contains(r.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, r)
		}
	}
}

// testEveryLieIsFound breaks each invariant in the ways that it can be broken, and nothing else.
func testEveryLieIsFound(t *testing.T, another func(*testing.T) shop) {
	t.Parallel()
	const (
		ledger       = "the ledger sums to zero, and so does every posting"
		charges      = "nobody is charged twice for an order, or without one"
		provider     = "the provider's file equals our ledger"
		books        = "every payment is in the ledger as its state says"
		amounts      = "every payment is of an order, over its total"
		stock        = "stock on hand + reserved + shipped = received, none negative"
		moves        = "every piece is where its movements brought it"
		reservations = "every reservation holds what its state says"
		good         = "a fulfilled order is captured, shipped and committed"
		back         = "nothing is held for a cancelled order"
		oneMail      = "at most one mail for each reason"
		allMails     = "a mail for every reason"
		journals     = "journals have no holes"
		cursors      = "nobody has heard more than was published"
		archive      = "the archive has every event that it has heard of"
		parked       = "no event is dead; those that wait are listed"
	)
	for name, c := range map[string]struct {
		database, lie string
		found         []string
	}{
		"a cent appears":         {"payments", `UPDATE ledger SET amount = 301 WHERE posting = 'done/c' AND account = 'bank'`, []string{ledger, provider, books, good}},
		"two lies cancel out":    {"payments", `UPDATE ledger SET amount = amount + CASE account WHEN 'bank' THEN 1 ELSE -1 END WHERE posting = 'done/c' AND account IN ('bank', 'sales')`, []string{provider, books, good}},
		"a cent moves postings":  {"payments", `UPDATE ledger SET amount = 99 WHERE posting = 'stuck/a' AND account = 'holds'; UPDATE ledger SET amount = 201 WHERE posting = 'undone/a' AND account = 'holds'`, []string{ledger, provider, books, back}},
		"charged twice":          {"provider", `INSERT INTO hold VALUES ('b1', 'done', '4242', 'EUR', 0, 300, 0)`, []string{charges}},
		"charged for nothing":    {"provider", `INSERT INTO hold VALUES ('b1', 'nothing', '4242', 'EUR', 100, 0, 0)`, []string{charges}},
		"still held":             {"provider", `UPDATE hold SET held = 200 WHERE reference = 'undone'`, []string{provider}},
		"never captured":         {"provider", `UPDATE hold SET held = 300, captured = 0 WHERE reference = 'done'`, []string{provider}},
		"captured and voided":    {"provider", `UPDATE hold SET captured = 200 WHERE reference = 'undone'`, []string{provider}},
		"state without booking":  {"payments", `UPDATE payment SET state = 'captured' WHERE order_id = 'stuck'`, []string{books}},
		"unknown state":          {"payments", `UPDATE payment SET state = 'odd' WHERE order_id = 'running'`, []string{books}},
		"booking without pay":    {"payments", `DELETE FROM payment WHERE order_id = 'stuck'`, []string{charges, books}},
		"payment of nothing":     {"payments", `INSERT INTO payment VALUES ('nothing', 'p', 'authorizing', 1, 'EUR', '', '', 1)`, []string{amounts}},
		"another amount":         {"payments", `UPDATE payment SET amount = 101 WHERE order_id = 'running'`, []string{amounts}},
		"another currency":       {"payments", `UPDATE payment SET currency = 'USD' WHERE order_id = 'running'`, []string{amounts}},
		"a piece appears":        {"inventory", `UPDATE stock SET on_hand = 6`, []string{stock, moves}},
		"negative stock":         {"inventory", `UPDATE stock SET on_hand = -1, reserved = 8`, []string{stock, moves}},
		"a movement is lost":     {"inventory", `DELETE FROM movement WHERE ref = 'undone' AND kind = 'release'`, []string{moves, reservations, back}},
		"a movement of nothing":  {"inventory", `INSERT INTO movement VALUES ('nothing', 'reserve', 'cup', -1, 1, 0, 1), ('nothing', 'release', 'cup', 1, -1, 0, 1)`, []string{reservations}},
		"unknown product":        {"inventory", `INSERT INTO movement VALUES ('done', 'commit', 'pot', 0, 0, 0, 1)`, []string{moves}},
		"kept for the cancelled": {"inventory", `UPDATE reservation SET state = 'reserved' WHERE order_id = 'undone'`, []string{reservations, back}},
		"never committed":        {"inventory", `UPDATE reservation SET state = 'reserved' WHERE order_id = 'done'`, []string{reservations, good}},
		"reserved for nothing":   {"inventory", `INSERT INTO reservation VALUES ('nothing', 'r', 'released', '[]', 1)`, []string{reservations}},
		"shipped too few":        {"orders", `UPDATE shop_order SET lines = '[{"sku":"cup","qty":4}]' WHERE id = 'done'`, []string{good}},
		"never shipped":          {"shipping", `DELETE FROM shipment WHERE order_id = 'done'`, []string{good}},
		"shipped and cancelled":  {"shipping", `INSERT INTO shipment VALUES ('undone', 's', 'delivered', '', '', 1)`, []string{back}},
		"paid and cancelled":     {"orders", `UPDATE shop_order SET state = 'cancelled' WHERE id = 'done'`, []string{back, allMails}},
		"free of charge":         {"orders", `UPDATE shop_order SET state = 'fulfilled' WHERE id = 'undone'`, []string{good, allMails}},
		"same mail twice":        {"notifications", `INSERT INTO mail VALUES ('m7', 'm7', 'u', '', 'order_confirmed', 'done', '', '', 1)`, []string{oneMail}},
		"mail lost":              {"notifications", `DELETE FROM mail WHERE dedupe_key = 'm2'`, []string{allMails}},
		"hole in a journal":      {"orders", `DELETE FROM headrace_journal WHERE seq = 2`, []string{journals}},
		"journal lost its end":   {"orders", `DELETE FROM headrace_journal WHERE seq = 3; UPDATE headrace_head SET seq = 2`, []string{cursors}},
		"archive lost an event":  {"archive", `DELETE FROM event WHERE seq = 1`, []string{archive}},
		"topic not archived":     {"archive", `DELETE FROM headrace_lease; DELETE FROM event`, []string{archive}},
		"dead event": {"orders", `INSERT INTO headrace_parked (group_name, topic, partition, epoch, seq, event_id, key, state, holds, attempts, tries,
			due, handler, reason, error, parked, failed) VALUES ('orders', 'payments', 1, 1, 1, 'e', 'done', 'dead', 1, 1, 0, 0, 'h', 'permanent', '', 1, 1)`, []string{parked}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := another(t)
			s.change(t, c.database, c.lie)
			r, err := Run(t.Context(), s.source)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(broken(r), "\n"); got != strings.Join(c.found, "\n") {
				t.Errorf("found\n%s\nwant\n%s\n%s", got, strings.Join(c.found, "\n"), r)
			}
		})
	}
}

func broken(r Report) []string {
	var names []string
	for _, f := range r.Findings {
		if len(f.Violations) > 0 {
			names = append(names, f.Name)
		}
	}
	return names
}

// testUnderWayIsNoLie: what is not there yet may still come, as long as there is something that it may come of.
func testUnderWayIsNoLie(t *testing.T, another func(*testing.T) shop) {
	t.Parallel()
	for name, c := range map[string]struct{ database, change, listed string }{
		"event not heard":    {"notifications", `DELETE FROM mail WHERE dedupe_key = 'm2'; UPDATE headrace_lease SET seq = 2`, "mails on their way: 1"},
		"event not numbered": {"orders", `INSERT INTO headrace_outbox (topic, partition, published) VALUES ('orders', 0, 1)`, "orders: 1 events of orders wait for a number"},
		"timer":              {"shipping", `INSERT INTO headrace_timer (token, due, topic, partition) VALUES ('t', 1, 'shipping.steps', 0)`, "shipping: 1 events are to be published later"},
		"event tried again": {"orders", `INSERT INTO headrace_parked (group_name, topic, partition, epoch, seq, event_id, key, state, holds, attempts, tries,
			due, handler, reason, error, parked, failed) VALUES ('orders', 'payments', 1, 1, 1, 'e', 'done', 'retrying', 1, 1, 0, 0, 'h', 'failed', '', 1, 1)`, "orders: h e of done is retrying: failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := another(t)
			s.change(t, c.database, c.change)
			r, err := Run(t.Context(), s.source)
			if err != nil || !r.OK() || !strings.Contains(r.String(), c.listed) {
				t.Errorf("%v\nwant it to say %q:\n%s", err, c.listed, r)
			}
		})
	}
}

// testOneMoment: what is written while a database is read is not seen, and reading writes nothing.
func testOneMoment(t *testing.T, another func(*testing.T) shop) {
	t.Parallel()
	s := another(t)
	err := s.source.at(t.Context(), "orders", func(m moment) error {
		s.change(t, "orders", `UPDATE shop_order SET status = 'placed'; DELETE FROM shop_order WHERE id = 'running'`)
		left, err := m.ids(t.Context(), `SELECT id FROM shop_order WHERE status <> 'placed' OR id = 'running'`)
		if len(left) != 6 {
			t.Errorf("later orders are seen: %v, %v", left, err)
		}
		if _, err := m.tx.ExecContext(t.Context(), `DELETE FROM shop_order`); err == nil {
			t.Error("a moment could be written to")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNoData(t *testing.T) {
	t.Parallel()
	if _, err := Run(t.Context(), Source{Directory: t.TempDir()}); !errors.Is(err, ErrNoData) {
		t.Errorf("an empty directory: %v", err)
	}
	directory := newFiles(t)
	if err := os.WriteFile(filepath.Join(directory, "payments.db"), []byte("this is no database, and long enough to be looked at"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), Source{Directory: directory}); err == nil || errors.Is(err, ErrNoData) {
		t.Errorf("a file that is no database: %v", err)
	}
}

// TestVerifyWhileSomebodyWrites reads a database whose newest part is in a log that somebody holds open.
func TestVerifyWhileSomebodyWrites(t *testing.T) {
	t.Parallel()
	directory := newFiles(t)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(directory, "orders.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), `UPDATE shop_order SET status = 'placed' WHERE id = 'running'`); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), `DELETE FROM shop_order`); err != nil { // not committed: it has not happened
		t.Fatal(err)
	}
	if r, err := Run(t.Context(), Source{Directory: directory}); err != nil || !r.OK() {
		t.Errorf("%v\n%s", err, r)
	}
}
