package payments

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/payments/provider"
)

const (
	soon     = 2 * time.Millisecond   // between looks for intents while there is something to do
	seldom   = 200 * time.Millisecond // and while there is not
	finishIn = 5 * time.Second        // for recording the last answers at a stop
	together = 256                    // answers recorded in one transaction, at most
)

// result is what came of one call to the provider.
type result struct {
	intent intent
	answer provider.Answer
	err    error // the outcome is unknown
}

// worker calls the provider for open intents. One goroutine, that of Run, owns it; the calls themselves run beside it, so that a slow one
// holds up no other.
type worker struct {
	p       *Payments
	calls   sync.WaitGroup
	results chan result
	running map[string]bool // by key
	wait    time.Duration   // until the next look for intents
}

// Run calls the provider for open intents until ctx ends. It belongs beside the app that runs the service. It returns nil, when all its
// calls have ended; what is still unanswered then is asked again, with the same key, by the next Run.
func (p *Payments) Run(ctx context.Context) error {
	w := &worker{p: p, results: make(chan result, p.settings.Calls), running: map[string]bool{}, wait: soon}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-p.nudge:
			w.hurry(timer)
		case r := <-w.results:
			if len(w.running) == p.settings.Calls {
				w.hurry(timer) // there may be intents that found no room
			}
			w.finish(ctx, r)
		case <-timer.C:
			w.look(ctx)
			timer.Reset(w.wait)
		}
	}
	w.stop(ctx)
	return nil
}

// hurry brings the next look nearer. It never puts one off, however often it is called.
func (w *worker) hurry(timer *time.Timer) {
	if w.wait > soon {
		w.wait = soon
		timer.Reset(w.wait)
	}
}

// stop waits for the calls and records what was answered.
func (w *worker) stop(ctx context.Context) {
	w.calls.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishIn)
	defer cancel()
	for len(w.results) > 0 {
		w.finish(ctx, <-w.results)
	}
}

// look starts calls for intents that are not being called for yet, and decides when to look again: a handler's nudge comes a little before
// its intent can be seen, so the looks become rarer only step by step.
func (w *worker) look(ctx context.Context) {
	w.wait = min(2*w.wait, seldom)
	free := w.p.settings.Calls - len(w.running)
	if free == 0 {
		return
	}
	list, err := w.due(ctx, free)
	if err != nil {
		w.trouble(ctx, "look for open intents", err)
		return
	}
	for _, i := range list {
		if !w.running[i.key] {
			w.start(ctx, i)
		}
	}
}

// due returns intents that this process is to call for, after it has taken over what others have left lying.
func (w *worker) due(ctx context.Context, free int) (list []intent, err error) {
	var overdue []any
	since := func(tx *headrace.Tx) int64 { return tx.Now().Add(-w.p.settings.TakeOver).UnixMicro() }
	err = w.p.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		if list, err = w.p.db(tx).dueIntents(ctx, len(w.running)+free); err != nil {
			return err
		}
		overdue, err = w.p.db(tx).overdueIntents(ctx, since(tx), free)
		return err
	})
	if err != nil || len(overdue) == 0 {
		return list, err
	}
	var taken int64
	err = w.p.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		taken, err = w.p.db(tx).takeOver(ctx, since(tx), overdue)
		return err
	})
	if taken > 0 {
		w.wait = soon
	}
	return list, err
}

func (w *worker) start(ctx context.Context, i intent) {
	w.wait = soon
	w.running[i.key] = true
	w.calls.Go(func() {
		answer, err := w.p.call(ctx, i)
		w.results <- result{intent: i, answer: answer, err: err} // never blocks: there is room for every call that may run
	})
}

func (p *Payments) call(ctx context.Context, i intent) (provider.Answer, error) {
	switch i.action {
	case authorize:
		return p.settings.Provider.Authorize(ctx, provider.AuthorizeRequest{
			Key: i.key, Reference: i.payment.orderID, Amount: i.payment.amount, Token: i.token,
		})
	case capture:
		return p.settings.Provider.Capture(ctx, i.key, i.payment.authCode)
	default:
		return p.settings.Provider.Void(ctx, i.key, i.payment.authCode)
	}
}

// finish records a result, together with all others that are there by now, in one transaction. If that fails, the intents are still open
// and are called for again, with the same keys.
func (w *worker) finish(ctx context.Context, first result) {
	batch := []result{first}
	for len(batch) < together && len(w.results) > 0 {
		batch = append(batch, <-w.results)
	}
	for _, r := range batch {
		delete(w.running, r.intent.key)
	}
	err := w.p.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) error { return w.p.record(ctx, tx, batch) })
	if err != nil {
		w.trouble(ctx, fmt.Sprintf("record %d answers of the provider", len(batch)), err)
	}
}

func (w *worker) trouble(ctx context.Context, doing string, err error) {
	w.wait = seldom
	if ctx.Err() == nil {
		w.p.settings.Logger.WarnContext(ctx, "payments: "+doing, "error", err)
	}
}
