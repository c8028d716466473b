package payments

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/storetest"
)

// another is a process beside that of the bench. It is there to call the provider.
func (b *bench) another(d *storetest.Database, settings Settings) *Payments {
	b.t.Helper()
	settings.Provider, settings.RetryMin = b.provider, time.Millisecond
	return New(d.Open(b.t, Schema), settings)
}

// wantAll wants all of n orders to be authorised, in any order, and the provider to be asked once for each.
func (b *bench) wantAll(n int) {
	b.t.Helper()
	for range n {
		if e := <-b.heard; e.Type != "payment.authorized" {
			b.t.Errorf("heard %s of %s", e.Type, e.Key)
		}
	}
	b.provider.mu.Lock()
	defer b.provider.mu.Unlock()
	for key, calls := range b.provider.asked {
		if calls != 1 {
			b.t.Errorf("%s was asked for %d times", key, calls)
		}
	}
	if len(b.provider.asked) != n {
		b.t.Errorf("asked for %d payments, want %d", len(b.provider.asked), n)
	}
}

// testEachProcessCallsForItsOwn: the others leave its intents alone as long as they are not overdue.
func testEachProcessCallsForItsOwn(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{Process: "a", TakeOver: time.Hour})
	const orders = 40
	b.pay()
	for _, name := range []string{"b", "c"} {
		b.run(b.another(d, Settings{Process: name, TakeOver: time.Hour}))
	}
	for n := range orders {
		b.authorize(fmt.Sprint("o", n), goodCard)
	}
	b.wantAll(orders)
}

// testCallsOfADeadProcess: two others find them, and one of them makes each.
func testCallsOfADeadProcess(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{Process: "dead"}) // it handles requests, and calls nobody
	const orders = 40
	for n := range orders {
		b.authorize(fmt.Sprint("o", n), goodCard)
	}
	for _, name := range []string{"b", "c"} {
		b.run(b.another(d, Settings{Process: name, TakeOver: 2 * time.Second}))
	}
	b.wantAll(orders)
}

// testOneTakesOver: of two that find the same calls overdue at the same moment, each gets those that the other does not.
func testOneTakesOver(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{Process: "dead"})
	const orders = 20
	ids := inOrder(orders + 1)
	for _, id := range ids[:orders] {
		b.authorize(id, goodCard)
	}
	b.void(ids[orders])
	b.want("payment.voided", ids[orders]) // so the others are to be called for
	pair := []*Payments{b.another(d, Settings{Process: "b"}), b.another(d, Settings{Process: "c"})}
	var overdue [2][]any
	var taken [2]int64
	since := time.Now().Add(time.Hour).UnixMicro()
	for n, p := range pair {
		err := p.Service.View(t.Context(), func(ctx context.Context, tx *headrace.Tx) (err error) {
			overdue[n], err = p.db(tx).overdueIntents(ctx, since, 2*orders)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	storetest.Together(t, 2, func(n int) error {
		return pair[n].Service.In(t.Context(), func(ctx context.Context, tx *headrace.Tx) (err error) {
			db := pair[n].db(tx)
			db.now = since // so that they are not overdue any more
			taken[n], err = db.takeOver(ctx, since, overdue[n])
			return err
		})
	})
	if taken[0]+taken[1] != orders {
		t.Errorf("%v of %d calls were taken over", taken, orders)
	}
}

// testTwoAnswersAreRecordedOnce: a process makes a call that another one still makes. Both are answered.
func testTwoAnswersAreRecordedOnce(t *testing.T, d *storetest.Database) {
	b := newBench(t, d, Settings{Process: "a"})
	b.provider.gate, b.provider.began, b.provider.slow = make(chan struct{}), make(chan struct{}, 100), badCard
	stops := []func(){b.pay()}
	b.authorize("o1", badCard)
	<-b.provider.began
	stops = append(stops, b.run(b.another(d, Settings{Process: "b", TakeOver: time.Millisecond})))
	<-b.provider.began
	close(b.provider.gate)
	b.want("payment.declined", "o1")
	for _, stop := range stops {
		stop() // what was answered is recorded
	}
	b.void("o1")
	b.want("payment.voided", "o1") // and nothing before it
	b.wantState("o1", "declined", 0, 0)
}
