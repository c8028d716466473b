package drivertest

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/headrace/headrace"
)

func effectRules() []rule[*system] {
	return []rule[*system]{
		{
			"17-effect-keys-survive-whatever-is-tried-again",
			"rule 17: a provider that is asked under another key charges twice",
			effectKeys,
		},
	}
}

// effectKeys has events that fail at once, later, after a death and until they are redriven: whatever is done about them elsewhere has the same
// key each time, and another one for another event or effect.
func effectKeys(s *system) {
	const many = 4
	sick := &ill{}
	var mu sync.Mutex
	seen := map[string]map[string]bool{} // by key: the effect keys of its event
	handler := func(ctx context.Context, tx *headrace.Tx, e headrace.Event[order]) error {
		mu.Lock()
		if seen[e.Key] == nil {
			seen[e.Key] = map[string]bool{}
		}
		seen[e.Key][e.EffectKey("charge")] = true
		mu.Unlock()
		sick.calls.Add(1)
		if !sick.cured.Load() {
			return errNo
		}
		return s.record(ctx, s.billing, tx, e.Key, e.Data.N)
	}
	retry := headrace.Retry{Attempts: 3, Quick: 2, Min: 1, Max: time.Millisecond}
	part := subscriber(s.billing, headrace.On(placed, handler, retry))
	p := s.run(faults{}, s.publisher(), part)
	p.publishAll(keys(many), 1, 1)
	s.await("all are dead", func() bool { return s.count(headrace.Died) == many })
	tried := sick.calls.Load()
	p.kill()
	sick.cured.Store(true)
	p = s.run(faults{}, s.publisher(), part)
	_, err := p.services[s.billing.name].Redrive(s.ctx, headrace.ParkedFilter{})
	s.must(err, "redrive")
	s.awaitRecords(s.billing, all(1, keys(many)...))
	if calls := sick.calls.Load(); tried < 3*many || calls == tried {
		s.Errorf("handlers were called %d times, and then %d: nothing was tried again", tried, calls)
	}
	mu.Lock()
	defer mu.Unlock()
	different := map[string]bool{}
	for key, effects := range seen {
		equal(s.world, len(effects), 1, "effect keys of the event of "+key)
		maps.Copy(different, effects)
	}
	equal(s.world, len(different), many, "different effect keys")
}
