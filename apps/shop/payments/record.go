package payments

import (
	"context"
	"time"

	"github.com/headrace/headrace"
)

// record writes what came of calls to the provider: the payments, the ledger, and what the sagas are told.
func (p *Payments) record(ctx context.Context, tx *headrace.Tx, batch []result) error {
	db := p.db(tx)
	var postings []posted
	for _, r := range batch {
		if wait, again := p.again(r); again {
			if err := db.postpone(ctx, r.intent.key, tx.Now().Add(wait).UnixMicro(), r.err == nil); err != nil {
				return err
			}
			continue
		}
		entries, now, err := p.recordOne(ctx, tx, r)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			postings = append(postings, posted{key: r.intent.key, payment: now, entries: entries})
		}
	}
	return db.post(ctx, postings)
}

// again decides whether a call is repeated later, and when: if its outcome is unknown, for as long as that takes; if a capture was refused
// and has attempts left; and if a void was refused, which can never be the end of it.
func (p *Payments) again(r result) (time.Duration, bool) {
	refused := r.answer.Declined != ""
	switch {
	case r.err != nil:
	case r.intent.action == capture && refused && r.intent.refusals+1 < p.settings.CaptureAttempts:
	case r.intent.action == void && refused:
	default:
		return 0, false
	}
	return min(p.settings.RetryMin<<min(r.intent.attempts, 20), p.settings.RetryMax), true
}

func (p *Payments) recordOne(ctx context.Context, tx *headrace.Tx, r result) ([]entry, payment, error) {
	db, i := p.db(tx), r.intent
	if mine, err := db.closeIntent(ctx, i.key); err != nil || !mine {
		return nil, payment{}, err
	}
	now, err := db.relock(ctx, i.payment.orderID)
	if err != nil {
		return nil, now, err
	}
	done := r.answer.Declined == ""
	d := answered(now.state, i.action, done)
	now.state, now.code = d.state, r.answer.Declined
	if done && i.action == authorize {
		now.authCode = r.answer.AuthCode
	}
	if err := db.save(ctx, now); err != nil {
		return nil, now, err
	}
	if d.call != "" {
		next := intent{key: i.key + "/" + string(d.call), payment: now, action: d.call, cause: i.cause}
		if err := db.addIntent(ctx, next); err != nil {
			return nil, now, err
		}
		p.wake()
	}
	if err := tell(tx, d.tell, now, headrace.CausedBy(i.cause)); err != nil {
		return nil, now, err
	}
	if !done {
		return nil, now, nil
	}
	return posting(i.action, now.amount.Amount), now, nil
}
