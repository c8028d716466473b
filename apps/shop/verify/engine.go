package verify

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// place is a partition.
type place struct {
	topic     string
	partition int64
}

// position is how far something is in a partition.
type position struct{ epoch, seq int64 }

func (p position) after(q position) bool {
	return p.epoch > q.epoch || p.epoch == q.epoch && p.seq > q.seq
}

// engine is what the engine keeps in a service's database.
type engine struct {
	outbox  map[string]int // events not numbered yet, by topic
	timers  int
	heads   map[place]position
	rows    map[place]int64 // of the journal
	floors  map[place]int64 // how many were trimmed from it
	cursors map[place]position
	parked  []parkedEvent
}

type parkedEvent struct{ topic, key, id, state, handler, reason string }

func (d *data) readEngine(ctx context.Context, m moment) error {
	e := engine{
		outbox: map[string]int{}, heads: map[place]position{}, rows: map[place]int64{}, floors: map[place]int64{}, cursors: map[place]position{},
	}
	if err := m.tx.QueryRowContext(ctx, `SELECT count(*) FROM headrace_timer`).Scan(&e.timers); err != nil {
		return err
	}
	for query, scan := range map[string]func(*sql.Rows) error{
		`SELECT topic, count(*) FROM headrace_outbox GROUP BY topic`:                                  e.scanOutbox,
		`SELECT topic, partition, epoch, seq, floor_seq FROM headrace_head`:                           e.scanHead,
		`SELECT topic, partition, count(*) FROM headrace_journal GROUP BY topic, partition`:           e.scanRows,
		`SELECT topic, partition, epoch, seq FROM headrace_lease WHERE group_name = '` + m.name + `'`: e.scanCursor,
	} {
		if err := m.each(ctx, query, scan); err != nil {
			return err
		}
	}
	err := m.each(ctx, `SELECT topic, key, event_id, state, handler, reason FROM headrace_parked ORDER BY id`, func(rows *sql.Rows) error {
		var p parkedEvent
		err := rows.Scan(&p.topic, &p.key, &p.id, &p.state, &p.handler, &p.reason)
		e.parked = append(e.parked, p)
		return err
	})
	d.engines[m.name] = e
	return err
}

func (e engine) scanOutbox(rows *sql.Rows) error {
	var topic string
	var n int
	err := rows.Scan(&topic, &n)
	e.outbox[topic] = n
	return err
}

func (e engine) scanHead(rows *sql.Rows) error {
	var p place
	var head position
	var floor int64
	err := rows.Scan(&p.topic, &p.partition, &head.epoch, &head.seq, &floor)
	e.heads[p], e.floors[p] = head, floor
	return err
}

func (e engine) scanRows(rows *sql.Rows) error {
	var p place
	var n int64
	err := rows.Scan(&p.topic, &p.partition, &n)
	e.rows[p] = n
	return err
}

func (e engine) scanCursor(rows *sql.Rows) error {
	var p place
	var cursor position
	err := rows.Scan(&p.topic, &p.partition, &cursor.epoch, &cursor.seq)
	e.cursors[p] = cursor
	return err
}

// readHeads reads heads again, after all cursors were read.
func (d *data) readHeads(ctx context.Context, m moment) error {
	e := engine{heads: d.heads, floors: map[place]int64{}}
	return m.each(ctx, `SELECT topic, partition, epoch, seq, floor_seq FROM headrace_head`, e.scanHead)
}

func (d *data) readArchive(ctx context.Context, m moment) error {
	d.kept = map[place]position{}
	err := m.each(ctx, `SELECT topic, part, max(epoch), count(*) FROM event GROUP BY topic, part`, func(rows *sql.Rows) error {
		var p place
		var n position
		err := rows.Scan(&p.topic, &p.partition, &n.epoch, &n.seq)
		d.kept[p] = n
		return err
	})
	if err != nil {
		return err
	}
	return d.readEngine(ctx, m)
}

// caughtUp reports whether a group had nothing left to hear of a topic when its database was read, of what the owner had published when
// its own was.
func (d data) caughtUp(owner, group, topic string) bool {
	from, to := d.engines[owner], d.engines[group]
	if from.outbox[topic] > 0 || slices.ContainsFunc(to.parked, func(p parkedEvent) bool { return p.topic == topic }) {
		return false
	}
	for p, head := range from.heads {
		if p.topic == topic && head.after(to.cursors[p]) {
			return false
		}
	}
	return true
}

// checkEngine: no event was lost between a journal, the groups and the archive, and none is stuck.
func checkEngine(d data) []Finding {
	return []Finding{d.checkJournals(), d.checkCursors(), d.checkArchive(), d.checkParked(), d.listOutboxes()}
}

func (d data) checkJournals() Finding {
	f := finding("journals have no holes", "")
	total := int64(0)
	for name, e := range d.engines {
		for p, head := range e.heads {
			total += head.seq
			if e.rows[p] != head.seq-e.floors[p] {
				f.violated("%s: %s/%d has %d events from %d to %d", name, p.topic, p.partition, e.rows[p], e.floors[p]+1, head.seq)
			}
		}
	}
	f.Counted = fmt.Sprintf("%d events", total)
	return *f
}

func (d data) checkCursors() Finding {
	f := finding("nobody has heard more than was published", "")
	behind, cursors := int64(0), 0
	for name, e := range d.engines {
		for p, cursor := range e.cursors {
			cursors++
			head := d.heads[p]
			behind += max(0, head.seq-cursor.seq)
			if cursor.seq > 0 && cursor.after(head) {
				f.violated("%s is at %v in %s/%d, which ends at %v", name, cursor, p.topic, p.partition, head)
			}
		}
	}
	f.Counted = fmt.Sprintf("%d cursors", cursors)
	if behind > 0 {
		f.list("events that somebody has not heard yet: %d", behind)
	}
	return *f
}

func (d data) checkArchive() Finding {
	f := finding("the archive has every event that it has heard of", "")
	total := int64(0)
	for p, cursor := range d.engines["archive"].cursors {
		kept := d.kept[p]
		total += kept.seq
		if kept.seq != cursor.seq {
			f.violated("%s/%d: %d events archived of %d", p.topic, p.partition, kept.seq, cursor.seq)
		}
	}
	for p, head := range d.heads {
		if _, followed := d.engines["archive"].cursors[p]; head.seq > 0 && !followed {
			f.violated("%s/%d: %d events, and nobody archives them", p.topic, p.partition, head.seq)
		}
	}
	f.Counted = fmt.Sprintf("%d events", total)
	return *f
}

func (d data) checkParked() Finding {
	f := finding("no event is dead; those that wait are listed", "")
	total := 0
	for _, name := range slices.Sorted(maps.Keys(d.engines)) {
		for _, p := range d.engines[name].parked {
			total++
			line := fmt.Sprintf("%s: %s %s of %s is %s: %s", name, p.handler, p.id, p.key, p.state, p.reason)
			if p.state == "dead" {
				f.Violations = append(f.Violations, line)
			} else {
				f.Listed = append(f.Listed, line)
			}
		}
	}
	f.Counted = fmt.Sprintf("%d parked", total)
	return *f
}

func (d data) listOutboxes() Finding {
	f := finding("outboxes are empty, or are listed", "%d services", len(d.engines))
	for _, name := range slices.Sorted(maps.Keys(d.engines)) {
		e := d.engines[name]
		for _, topic := range slices.Sorted(maps.Keys(e.outbox)) {
			f.list("%s: %d events of %s wait for a number", name, e.outbox[topic], topic)
		}
		if e.timers > 0 {
			f.list("%s: %d events are to be published later", name, e.timers)
		}
	}
	return *f
}
