package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/headrace/headrace/driver"
)

// filter writes what selects parked events: a condition, an order and a limit.
type filter struct {
	text      strings.Builder
	arguments []any
}

func newFilter(arguments []any, group string, f driver.ParkedFilter) *filter {
	w := &filter{arguments: arguments}
	w.text.WriteString(" WHERE group_name = ")
	w.value(group)
	w.equal(f.State != "", "state", string(f.State))
	w.equal(f.Topic != "", "topic", f.Topic)
	w.equal(f.EventID != "", "event_id", f.EventID)
	w.equal(f.Key != "", "key", f.Key)
	w.equal(!f.Position.IsZero(), "epoch", int64(f.Position.Epoch))
	w.equal(!f.Position.IsZero(), "seq", int64(f.Position.Seq))
	w.text.WriteString(" ORDER BY topic, partition, epoch, seq")
	if f.Limit > 0 {
		w.text.WriteString(" LIMIT ")
		w.value(f.Limit)
	}
	return w
}

func (w *filter) equal(wanted bool, column string, value any) {
	if wanted {
		w.text.WriteString(" AND " + column + " = ")
		w.value(value)
	}
}

func (w *filter) value(v any) {
	w.arguments = append(w.arguments, v)
	w.text.WriteString("$" + strconv.Itoa(len(w.arguments)))
}

// ListParked implements [driver.ParkedEvents].
func (s *Store) ListParked(ctx context.Context, group string, f driver.ParkedFilter) (list []driver.Parked, err error) {
	err = s.read(ctx, "list parked events of group "+group, func(q session) error {
		w := newFilter(nil, group, f)
		list, err = collect(ctx, q, `SELECT `+parkedColumns+` FROM headrace_parked`+w.text.String(), w.arguments, scanParked)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// ReleaseDead implements [driver.ParkedEvents]. Any other state than Retrying and Discarding is an error.
func (s *Store) ReleaseDead(ctx context.Context, group string, f driver.ParkedFilter, to driver.ParkState) (n int, err error) {
	what := fmt.Sprintf("release dead events of group %s as %s", group, to)
	if to != driver.Retrying && to != driver.Discarding {
		return 0, fmt.Errorf("%s: must be %s or %s", what, driver.Retrying, driver.Discarding)
	}
	if f.State != "" && f.State != driver.Dead {
		return 0, nil
	}
	f.State = driver.Dead
	counts := ""
	if to == driver.Retrying {
		counts = ", attempts = 0, tries = 0"
	}
	err = s.write(ctx, what, func(t *Tx) error {
		w := newFilter(args(s.dialect.NowArgument(), string(to)), group, f)
		n, err = t.exec(ctx, `UPDATE headrace_parked SET state = $2, due = {now}`+counts+` WHERE id IN (
			SELECT id FROM headrace_parked`+w.text.String()+` {lock})`, w.arguments...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
