package headrace

import (
	"context"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// TestLeasesThatAMemberKnowsNothingOfAreSortedOut lets a member take all leases without hearing so, and another one come: half of them are
// wanted there now, and nobody but the first can give them back.
func TestLeasesThatAMemberKnowsNothingOfAreSortedOut(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), memory.NewStore(memory.StoreConfig{})
	s := NewService(ServiceConfig{Name: "reader", Store: store, Handlers: []Handler{
		On(tunePlayed, func(context.Context, *Tx, Event[tune]) error { return nil }),
	}})
	app := &App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*Service{s}}
	m := newMember(s, app, newHistory(app), newSolitude())
	first := map[driver.Partition]Position{}
	for _, p := range tunes.all() {
		first[p] = driver.Start
	}
	if err := store.EnsureCursors(ctx, "reader", first); err != nil {
		t.Fatal(err)
	}
	for _, p := range tunes.all() {
		if _, ok, err := store.Acquire(ctx, "reader", p, m.id, time.Minute); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if _, err := store.Heartbeat(ctx, "another", time.Minute); err != nil {
		t.Fatal(err)
	}

	if err := m.turn(ctx, false); err != nil {
		t.Fatal(err)
	}
	if len(m.held) != 1 {
		t.Errorf("it knows of %d leases, want 1 of 2", len(m.held))
	}
	for _, p := range tunes.all() {
		_, here := m.held[slotID{"reader", p}]
		_, taken, err := store.Acquire(ctx, "reader", p, "another", time.Minute)
		if taken == here || err != nil {
			t.Errorf("%s is held here: %v; could be taken elsewhere: %v, %v", p, here, taken, err)
		}
	}
}
