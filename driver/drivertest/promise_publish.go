package drivertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func publishPromises() []rule[*system] {
	return []rule[*system]{
		{
			"01-events-exist-exactly-for-what-committed",
			"promise 1: state without its event is silence, an event without its state is a lie",
			eventsFollowCommits,
		},
		{
			"22-unknown-is-called-unknown",
			"promise 22: who runs again what may have committed does it twice; who takes it for done may lose it",
			unknownIsSaid,
		},
		{
			"22-unknown-commits-change-nothing",
			"rule 1: after an unknown COMMIT the cursor is read again before anything else, and every effect is there once",
			unknownCommits,
		},
	}
}

func publishRules() []rule[*system] {
	return []rule[*system]{
		{
			"01-conflicts-burn-no-attempt",
			"rule 1: a deadlock is nobody's failure: the event is run again as if nothing had been",
			conflictsAreRunAgain,
		},
		{
			"05-delayed-events-come-in-order-or-not-at-all",
			"rule 5: delayed events of a key keep the order in which they fall due, and a cancel tells the truth",
			delayedInOrder,
		},
		{
			"11-too-large-is-refused",
			"rule 11: an event that no page of history can carry must not get into the journal",
			tooLargeIsRefused,
		},
		{
			"16-nested-transactions-are-refused",
			"rule 16: where there is a single writer, a transaction inside a transaction waits for itself for ever",
			nestedIsRefused,
		},
	}
}

// eventsFollowCommits publishes from callers that commit, that change their mind, and that die before or after the commit.
func eventsFollowCommits(s *system) {
	s.run(faults{}, s.publisher(), s.recording(s.billing))
	deaths := 0
	want := map[string]string{}
	for i := range 24 {
		key, fate := fmt.Sprint("key-", i), i%4
		var caller *process
		caller = s.build(faults{step: func(at step) error {
			if fate == 2 && at == atCommit || fate == 3 && at == atCommitted {
				deaths++
				caller.die()
			}
			return nil
		}}, s.publisher())
		err := caller.in(s.shop, func(ctx context.Context, tx *headrace.Tx) error {
			s.must(s.record(ctx, s.shop, tx, key, 1), "record")
			s.must(placed.Publish(tx, order{ID: key, N: 1}), "publish")
			if fate == 1 {
				return errNo
			}
			return nil
		})
		equal(s.world, err == nil, fate == 0, "the transaction succeeded")
		if want[key] = ""; fate == 0 || fate == 3 {
			want[key] = "1"
		}
	}
	equal(s.world, deaths, 12, "deaths")
	s.awaitRecords(s.billing, want)
	equal(s.world, fmt.Sprint(s.records(s.shop, keys(24)...)), fmt.Sprint(want), "state of the shop")
	s.awaitEmptyOutbox()
	equal(s.world, published(s), 12, "events in the journal")
}

func (s *system) awaitEmptyOutbox() {
	s.Helper()
	s.await("the outbox is empty", func() bool {
		n, _, err := s.shop.store.Pending(s.ctx)
		s.must(err, "pending")
		return n == 0
	})
}

// published is how many events there are in the shop's journal.
func published(s *system) (n int) {
	s.Helper()
	heads, err := s.shop.store.Heads(s.ctx)
	s.must(err, "heads")
	for _, head := range heads {
		n += int(head.Seq)
	}
	return n
}

func unknownIsSaid(s *system) {
	s.run(faults{}, s.publisher())
	for _, at := range []step{atCommit, atCommitted} {
		runs := 0
		caller := s.build(loseAnswers(at, newBudget(1)), s.publisher())
		err := caller.in(s.shop, func(_ context.Context, tx *headrace.Tx) error {
			runs++
			return placed.Publish(tx, order{ID: string(at), N: 1})
		})
		s.wantError(err, headrace.ErrUnknownOutcome, "a transaction whose commit got no answer")
		equal(s.world, runs, 1, "runs of a function whose commit got no answer")
	}
	s.awaitEmptyOutbox()
	equal(s.world, published(s), 1, "events, of one commit that took effect and one that did not")
}

// loseAnswers makes the outcome of some commits unknown: at commit they did not take effect, at committed they did.
func loseAnswers(at step, lost *budget) faults {
	return faults{step: func(here step) error {
		if here == at && lost.take() {
			return fmt.Errorf("connection reset: %w", driver.ErrUnknownOutcome)
		}
		return nil
	}}
}

func unknownCommits(s *system) {
	const n = 8
	client := s.client()
	for _, at := range []step{atCommit, atCommitted} {
		lost := newBudget(4)
		p := s.run(loseAnswers(at, lost), s.publisher(), s.recording(s.billing))
		for i := range n {
			client.publish(string(at), i+1)
			s.awaitRecords(s.billing, all(i+1, string(at)))
		}
		p.stop()
		equal(s.world, lost.taken(), 4, "answers lost at "+string(at))
	}
	s.never(headrace.ParkedEvents, headrace.Died, headrace.Retried)
}

func conflictsAreRunAgain(s *system) {
	const n = 10
	s.run(faults{}, s.publisher())
	mine, runs := newBudget(3), 0
	caller := s.build(faults{step: conflicting(mine)}, s.publisher())
	s.must(caller.in(s.shop, func(context.Context, *headrace.Tx) error { runs++; return nil }), "a transaction that meets conflicts")
	equal(s.world, runs, mine.taken()+1, "runs of a function that met conflicts")

	conflicts := newBudget(6)
	s.client().publishAll(keys(3), 1, n)
	once := headrace.Retry{Attempts: 1}
	s.run(faults{step: conflicting(conflicts)}, s.publisher(), s.recording(s.billing, once))
	s.awaitRecords(s.billing, all(n, keys(3)...))
	equal(s.world, conflicts.taken(), 6, "conflicts")
	s.never(headrace.ParkedEvents, headrace.Died, headrace.Retried)
}

// conflicting makes the database give up on some transactions.
func conflicting(left *budget) func(step) error {
	return func(at step) error {
		if (at == atAdvance || at == atCommit) && left.take() {
			return fmt.Errorf("deadlock detected: %w", driver.ErrConflict)
		}
		return nil
	}
}

func delayedInOrder(s *system) {
	p := s.run(faults{}, s.publisher(), s.recording(s.billing))
	var token string
	s.must(p.in(s.shop, func(_ context.Context, tx *headrace.Tx) error {
		return errors.Join(
			placed.Publish(tx, order{ID: "a", N: 3}, headrace.After(3*time.Minute)),
			placed.Publish(tx, order{ID: "a", N: 2}, headrace.After(2*time.Minute)),
			placed.Publish(tx, order{ID: "a", N: 9}, headrace.After(time.Minute), headrace.Token(&token)),
			placed.Publish(tx, order{ID: "b", N: 1}, headrace.After(time.Minute), headrace.Token(new(string))),
		)
	}), "publish delayed events")
	p.publish("a", 1)
	s.awaitRecords(s.billing, map[string]string{"a": "1", "b": ""})
	equal(s.world, s.takeBack(p, token), true, "cancel of an event that is not due yet")
	equal(s.world, s.takeBack(p, token), false, "cancel of an event that was taken back")
	s.elapse(time.Hour)
	s.awaitRecords(s.billing, map[string]string{"a": upTo(3), "b": "1"})
	s.must(p.in(s.shop, func(_ context.Context, tx *headrace.Tx) error {
		return placed.Publish(tx, order{ID: "b", N: 2}, headrace.After(time.Minute), headrace.Token(&token))
	}), "publish a delayed event")
	s.elapse(time.Hour)
	s.awaitRecords(s.billing, map[string]string{"b": upTo(2)})
	equal(s.world, s.takeBack(p, token), false, "cancel of an event that was handled")
}

// takeBack cancels a delayed event.
func (s *system) takeBack(p *process, token string) (was bool) {
	s.Helper()
	s.must(p.in(s.shop, func(ctx context.Context, tx *headrace.Tx) (err error) {
		was, err = tx.Cancel(ctx, token)
		return err
	}), "cancel")
	return was
}

// tooLargeIsRefused also checks that the transaction can go on without the event.
func tooLargeIsRefused(s *system) {
	type big struct{ ID, Text string }
	sent := headrace.Define(orderTopic, "order.described", 1, func(b big) string { return b.ID })
	p := s.run(faults{}, s.publisher(), s.recording(s.billing))
	s.must(p.in(s.shop, func(_ context.Context, tx *headrace.Tx) error {
		err := sent.Publish(tx, big{ID: "a", Text: strings.Repeat("x", headrace.MaxDataSize)})
		s.wantError(err, headrace.ErrTooLarge, "publish data over the limit")
		err = sent.Publish(tx, big{ID: strings.Repeat("k", headrace.MaxKeySize+1)})
		s.wantError(err, headrace.ErrTooLarge, "publish a key over the limit")
		s.must(sent.Publish(tx, big{ID: "a", Text: strings.Repeat("x", headrace.MaxDataSize-100)}), "publish data at the limit")
		return placed.Publish(tx, order{ID: "a", N: 1})
	}), "a transaction with refused events")
	s.awaitRecords(s.billing, all(1, "a"))
	equal(s.world, published(s), 2, "events in the journal")
}

func nestedIsRefused(s *system) {
	p := s.run(faults{}, s.publisher())
	service := p.services[s.shop.name]
	s.must(service.In(s.ctx, func(ctx context.Context, tx *headrace.Tx) error {
		for name, open := range map[string]func(context.Context, func(context.Context, *headrace.Tx) error) error{
			"In": service.In, "View": service.View,
		} {
			err := open(ctx, func(context.Context, *headrace.Tx) error { return nil })
			s.wantError(err, headrace.ErrNested, name+" inside a transaction")
		}
		return placed.Publish(tx, order{ID: "a", N: 1})
	}), "a transaction in which others were refused")
	s.await("the event is numbered", func() bool { return published(s) == 1 })
}
