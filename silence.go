package headrace

import (
	"context"
	"maps"
	"time"
)

// topsCheck is how often the stream's tops are asked for where nobody knows the heads.
const topsCheck = 2 * time.Second

// checkHeads finds partitions whose stream is silent although their journal has more (or less) than the cursor says: that one rule covers
// trimming, a flushed or destroyed stream, a lost tail and a late joiner. A partition that is merely in the middle of its way is given
// until the next look.
func (w *worker) checkHeads(ctx context.Context, silent bool) {
	if !silent && w.now().Sub(w.checked) < idleWait {
		return
	}
	w.checked = w.now()
	headOf := w.history.look(ctx, idleWait)
	var unknown []*partition
	for _, p := range w.held() {
		if p.behind || !p.readable(w.now()) {
			continue
		}
		head, err := headOf(p.id)
		if err != nil {
			unknown = append(unknown, p)
			continue
		}
		p.behind = p.differs(head)
		p.look(w.checked)
	}
	w.checkTops(ctx, unknown)
}

// differs reports whether a partition has to read its journal. That the journal has more counts if it was so at the last look already, where
// what is new may be on its way. That it ends before the cursor counts only if it was looked at after the cursor was there: then it was
// restored.
func (p *partition) differs(h head) bool {
	settled := p.fresh || p.seen == p.cursor()
	switch {
	case h.Position == p.cursor():
		return false
	case h.After(p.cursor()):
		ripe := p.fresh || !h.told || !h.asOf.After(p.looked)
		return settled && ripe || h.Epoch != p.cursor().Epoch
	default:
		return settled && !h.asOf.Before(p.seenAt)
	}
}

// look takes note of where the cursor is.
func (p *partition) look(now time.Time) {
	if p.fresh || p.seen != p.cursor() {
		p.seen, p.seenAt = p.cursor(), now
	}
	p.fresh, p.looked = false, now
}

// checkFresh compares new partitions with their journals before the first of their events is run. If the journal has another epoch, they
// begin with history: the stream may still have events that the journal has lost. And what was published later than this cannot have killed
// anybody.
func (w *worker) checkFresh(ctx context.Context) {
	topics := map[string]bool{}
	for _, p := range w.held() {
		topics[p.id.Topic] = topics[p.id.Topic] || p.fresh
	}
	maps.DeleteFunc(topics, func(_ string, fresh bool) bool { return !fresh })
	w.history.refresh(ctx, topics)
	headOf := w.history.look(ctx, 0)
	for _, p := range w.held() {
		if !p.fresh || p.behind || !p.readable(w.now()) {
			continue
		}
		head, err := headOf(p.id)
		if err != nil {
			continue
		}
		p.careful = min(p.careful, head.Seq)
		if head.Epoch != p.cursor().Epoch {
			p.behind = true
		}
	}
}

// checkTops looks after partitions whose heads are not known now: if the stream has had more for a while, it is read again from the cursor.
func (w *worker) checkTops(ctx context.Context, unknown []*partition) {
	if len(unknown) == 0 || w.now().Sub(w.topsRead) < topsCheck {
		return
	}
	w.topsRead = w.now()
	for _, p := range unknown {
		top, err := w.broker.Top(ctx, p.id)
		if err != nil {
			return // the broker is down: looked at again later
		}
		if top.Position.After(p.cursor()) && p.seen == p.cursor() {
			p.followed = false
		}
		p.look(w.topsRead)
	}
}
