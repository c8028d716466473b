package faulttest

import (
	"strings"
	"time"
)

// The checks are SQL on what the services and the framework have written, and share no code with either.

// journal is what the source has published: keys and numbers. Both are in the first bytes of an event, however large it is.
const journal = `(SELECT substring(t FROM '"key":"([^"]*)"') AS key, substring(t FROM '"n":([0-9]+)')::BIGINT AS n
	FROM (SELECT convert_from(substring(data FROM 1 FOR 100), 'UTF8') AS t FROM source.headrace_journal WHERE topic = 'moves') AS d)`

// lies are queries that return what must not be, at any moment.
var lies = map[string]string{
	"a number was applied that is not the next of its key": `SELECT what FROM sink.violation`,
	"a number was applied twice":                           `SELECT key, n, count(*) FROM sink.applied GROUP BY key, n HAVING count(*) > 1`,
	"an echo came twice":                                   `SELECT key, n, count(*) FROM source.echo GROUP BY key, n HAVING count(*) > 1`,
	"numbers of a key were applied in another order": `SELECT key, n, before FROM
		(SELECT key, n, lag(n) OVER (PARTITION BY key ORDER BY id) AS before FROM sink.applied) AS a WHERE n <= before`,
	"positions of the journal have a hole": `SELECT topic, partition, max(seq), count(*) FROM source.headrace_journal
		GROUP BY topic, partition HAVING max(seq) <> count(*)`,
	"a number is twice in the journal": `SELECT key, n, count(*) FROM ` + journal + ` AS j GROUP BY key, n HAVING count(*) > 1`,
	"positions of the sink's journal have a hole": `SELECT topic, partition, max(seq), count(*) FROM sink.headrace_journal
		GROUP BY topic, partition HAVING max(seq) <> count(*)`,
	"a number was applied that is no event of the journal": `SELECT a.key, a.n FROM sink.applied AS a
		LEFT JOIN ` + journal + ` AS j ON j.key = a.key AND j.n = a.n WHERE j.n IS NULL`,
	"a number was echoed that was not applied": `SELECT e.key, e.n FROM source.echo AS e
		LEFT JOIN sink.applied AS a ON a.key = e.key AND a.n = e.n WHERE a.id IS NULL`,
	"an event is in the journal whose transaction did not commit": `SELECT j.key, j.n FROM ` + journal + ` AS j
		LEFT JOIN source.counter AS c ON c.key = j.key WHERE c.n IS NULL OR j.n IS NULL OR j.n > c.n`,
}

// debts are queries that return a number, which is 0 when everything has been dealt with.
var debts = map[string]string{
	"committed events that are not in the journal": `SELECT coalesce((SELECT sum(n) FROM source.counter), 0)::BIGINT
		- (SELECT count(*) FROM source.headrace_journal WHERE topic = 'moves')`,
	"events in outboxes": `SELECT (SELECT count(*) FROM source.headrace_outbox) + (SELECT count(*) FROM sink.headrace_outbox)`,
	"events of the source that the sink has not applied or parked": `SELECT (SELECT count(*) FROM source.headrace_journal WHERE topic = 'moves')
		- (SELECT count(*) FROM sink.applied) - (SELECT count(*) FROM sink.headrace_parked)`,
	"events of the sink that the source has not applied": `SELECT (SELECT count(*) FROM sink.headrace_journal) - (SELECT count(*) FROM source.echo)`,
	"partitions of the sink whose cursor is not at the head": `SELECT count(*) FROM source.headrace_head AS h
		LEFT JOIN sink.headrace_lease AS l ON l.group_name = 'sink' AND l.topic = h.topic AND l.partition = h.partition
		WHERE h.topic = 'moves' AND (l.seq, l.epoch) IS DISTINCT FROM (h.seq, h.epoch)`,
	"parked events that are to be tried again": `SELECT count(*) FROM sink.headrace_parked WHERE state IN ('retrying', 'discarding')`,
}

// check fails the row if something is wrong already. It is for while faults are done; a server that is down has no answer.
func (w *world) check() {
	w.Helper()
	w.look(func(string, error) {})
}

// look looks for lies, and tells which queries had no answer.
func (w *world) look(unanswered func(what string, err error)) {
	w.Helper()
	for what, query := range lies {
		rows, err := w.query(query)
		if err != nil {
			unanswered(what, err)
		}
		if len(rows) > 0 {
			w.Errorf("%s:\n\t%s", what, strings.Join(rows[:min(len(rows), 10)], "\n\t"))
		}
	}
}

// settle ends the load, waits until everything has been dealt with, and checks what is left. Dead events, and those behind them, are what the
// row expects: so many are parked at the end.
func (w *world) settle(parked int) {
	w.Helper()
	w.quiet()
	begun := time.Now()
	w.awaitThat("everything has been dealt with", func() bool {
		for _, query := range debts {
			if w.number(query) != 0 {
				return false
			}
		}
		return true
	})
	w.look(func(what string, err error) { w.Errorf("whether %s cannot be told: %v", what, err) })
	if n := w.number(`SELECT count(*) FROM sink.headrace_parked`); n != parked {
		w.Errorf("%d events are parked, want %d", n, parked)
	}
	w.Logf("%d events, drained in %v; signals: %v", w.number(`SELECT count(*) FROM sink.applied`), time.Since(begun).Round(time.Millisecond), w.signals())
	if w.Failed() {
		w.Log(w.logs())
	}
}

// bit fails the row unless each of the signals was given: a fault that was not noticed proves nothing.
func (w *world) bit(kinds ...string) {
	w.Helper()
	signals := w.signals()
	for _, alternatives := range kinds {
		n := 0
		for k, count := range signals {
			if strings.Contains(" "+alternatives+" ", " "+string(k)+" ") {
				n += count
			}
		}
		if n == 0 {
			w.Errorf("nothing was ever %s: the fault did not bite; signals: %v", alternatives, signals)
		}
	}
}
