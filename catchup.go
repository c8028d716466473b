package headrace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headrace/headrace/driver"
)

// settle makes sure of the partitions that something went wrong with (and of new ones): fence and cursor are read again under the row's
// lock, after whatever commit was in flight.
func (w *worker) settle(ctx context.Context) error {
	var ids []driver.Partition
	for _, p := range w.held() {
		switch {
		case p.lost:
			w.leave(ctx, p)
		case p.unsure && !w.now().Before(p.resume):
			ids = append(ids, p.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	leases, err := w.service.store.Cursors(ctx, w.service.name, ids)
	if err != nil {
		return fmt.Errorf("read cursors: %w", err)
	}
	for _, l := range leases {
		w.settleOne(ctx, w.partitions[l.Partition], l)
	}
	return nil
}

func (w *worker) settleOne(ctx context.Context, p *partition, l driver.Lease) {
	if l.Fence != p.lease.Fence {
		w.note(p, Fenced, 1, nil)
		w.leave(ctx, p)
		return
	}
	p.lease.Cursor, p.lease.Trying, p.lease.Tries = l.Cursor, l.Trying, l.Tries
	p.unsure, p.followed, p.holding = false, false, true
}

// readBehind reads history for the partitions that are behind, at most a batch over all of them, and applies it.
func (w *worker) readBehind(ctx context.Context) (busy bool, err error) {
	var items []item
	reached := map[*partition]Position{} // where a partition stands when all of its journal is applied
	for _, p := range w.held() {
		room := w.service.config.Batch - len(items)
		if !p.behind || !p.readable(w.now()) || room == 0 {
			continue
		}
		busy = true
		page, err := w.history.page(ctx, p.id, p.cursor(), p.pageSize(room))
		if err != nil {
			w.noHistory(ctx, p, err)
			continue
		}
		more, err := w.readPage(ctx, p, page)
		if err != nil {
			return busy, err
		}
		if items = append(items, more...); len(more) == len(page.Entries) {
			reached[p] = page.Head
		}
	}
	if len(items) > 0 {
		if err := w.apply(ctx, items); err != nil {
			return busy, err
		}
		w.served = true
	}
	return busy, w.rejoin(ctx, reached)
}

// readPage turns a page of history into items, after entering a newer epoch if there is one.
func (w *worker) readPage(ctx context.Context, p *partition, page driver.Page) ([]item, error) {
	entered, lost := enterEpochs(p.cursor(), page.Epochs)
	if entered != p.cursor() {
		return nil, w.enterEpoch(ctx, p, entered, lost)
	}
	if page.Lost.After(p.cursor()) {
		return nil, w.passLost(ctx, p, page.Lost)
	}
	r := readHistory(p.cursor(), page.Entries)
	if r.gap || len(page.Entries) == 0 && p.cursor() != page.Head {
		w.stall(ctx, p, fmt.Errorf("the journal has a hole after %s", p.cursor()))
		return nil, nil
	}
	w.note(p, HistoryRead, len(r.apply), nil)
	items := make([]item, len(r.apply))
	for i, e := range r.apply {
		items[i] = w.service.read(p, e)
	}
	return items, nil
}

// rejoin lets partitions that have caught up read the stream again.
func (w *worker) rejoin(ctx context.Context, reached map[*partition]Position) error {
	for p, head := range reached {
		if p.unsure || p.lost || p.cursor() != head {
			continue
		}
		if p.ahead.After(head) { // an event that the journal does not have: it was restored
			if err := w.history.report(ctx, p.id, p.ahead); err != nil {
				return err
			}
		}
		p.behind, p.followed, p.ahead = false, false, Position{}
		if p.rejoined == p.cursor() { // nothing came of the last time: the stream makes no sense
			p.resume, p.unsure = w.now().Add(shortestPause), true
		}
		p.rejoined = p.cursor()
	}
	return nil
}

// passLost moves a cursor past events that nobody has any more, and says how many there were.
func (w *worker) passLost(ctx context.Context, p *partition, to Position) error {
	from := p.cursor()
	if err := w.enterEpoch(ctx, p, to, 0); err != nil {
		return err
	}
	count := int(to.Seq - from.Seq)
	w.service.log().ErrorContext(ctx, "events are lost: the store that published them kept no second copy",
		"topic", p.id.Topic, "partition", p.id.Number, "after", from.String(), "to", to.String(), "count", count)
	w.note(p, Lost, count, nil)
	return nil
}

// enterEpoch moves a cursor to where a restored journal goes on.
func (w *worker) enterEpoch(ctx context.Context, p *partition, to Position, lost uint64) error {
	tx, txCtx, err := w.service.begin(ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	defer tx.rollback(txCtx)
	move := driver.Advance{Partition: p.id, Fence: p.lease.Fence, From: p.cursor(), To: to}
	if err = tx.advance(txCtx, []driver.Advance{move}); err == nil {
		err = tx.commit(txCtx)
	}
	if err != nil {
		p.unsure = true
		return fmt.Errorf("enter epoch at %s: %w", to, err)
	}
	if lost > 0 {
		w.service.log().ErrorContext(ctx, "events were applied that the owner's restored journal does not have",
			"topic", p.id.Topic, "partition", p.id.Number, "from", p.cursor().String(), "to", to.String(), "count", lost)
	}
	w.note(p, LostFuture, int(lost), nil)
	p.lease.Cursor = to
	return nil
}

// noHistory puts a partition off whose history cannot be read now, or ever. Perhaps the stream still has what is missing.
func (w *worker) noHistory(ctx context.Context, p *partition, err error) {
	if errors.Is(err, driver.ErrTrimmed) {
		w.stall(ctx, p, err)
		return
	}
	w.putOff(ctx, p, err)
	p.behind = false
}

// stall stops a partition for good: nothing is ever skipped silently.
func (w *worker) stall(ctx context.Context, p *partition, err error) {
	p.stalled = true
	w.note(p, Stalled, 1, err)
	w.service.log().ErrorContext(ctx, "partition stands still: history does not have the next event",
		"topic", p.id.Topic, "partition", p.id.Number, "cursor", p.cursor().String(), "error", err)
}

// putOff pauses a partition, longer every time until something works.
func (w *worker) putOff(ctx context.Context, p *partition, err error) {
	if p.pauses == 0 {
		w.service.log().WarnContext(ctx, "partition pauses", "topic", p.id.Topic, "partition", p.id.Number, "error", err)
	}
	p.resume = w.now().Add(shortestPause + backoff(p.pauses, shortestPause, longestPause, random))
	p.pauses++
	p.unsure = true
	w.note(p, Paused, 1, err)
}

const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 5 * time.Second
)
