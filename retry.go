package headrace

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Retry says what happens when a handler fails. It is an option of [On], [OnBatch] and [OnTopic]; its zero value is a good default.
// Several can be given: the first whose If accepts the error decides, then the one without an If.
type Retry struct {
	// Attempts is how often the handler is run before the event is dead. Default 10. The count is in the store: restarts do not reset it.
	Attempts int
	// Quick is how many of the attempts are made at once and in place, before the event is parked. Default 2.
	Quick int
	// Min and Max bound the wait before a parked event is tried again: it doubles from Min to Max, and a random time between 0 and that
	// is waited ("full jitter"). Defaults 200 ms and 1 min.
	Min, Max time.Duration
	// AfterDead says what becomes of later events of a key whose event is dead. Default HoldKey.
	AfterDead AfterDead
	// If restricts this Retry to some errors. nil: all that no other Retry accepts. One that panics accepts nothing.
	If func(error) bool
}

// AfterDead says what becomes of later events of a key whose event is dead.
type AfterDead int

// The two choices of AfterDead.
const (
	// HoldKey keeps them waiting until the dead event is redriven or discarded: order is kept, whatever happens.
	HoldKey AfterDead = iota
	// SkipKey lets them go on. Redriving the dead event later is then out of order for its key.
	SkipKey
)

func (r Retry) applyHandler(p *policy) {
	i := len(p.retry)
	if r.If != nil {
		i = slices.IndexFunc(p.retry, func(r Retry) bool { return r.If == nil })
		if i < 0 {
			i = len(p.retry)
		}
	}
	p.retry = slices.Insert(p.retry, i, r)
}

// next is what to do with a failure.
type next int

const (
	again next = iota // run it again at once, in place
	park              // park it and run it again when it is due
	die               // it is dead
	pause             // stop the partition for a while; nothing is counted
)

// decision is what [policy.decide] says about one failure.
type decision struct {
	next      next
	wait      time.Duration // before it is run again, for park and pause
	reason    string
	afterDead AfterDead
}

// decide says what happens after a handler's failure. attempts counts the answered attempts, this one included; uniform returns a random
// number in [0, n).
func (p policy) decide(err error, attempts int, uniform func(n int64) int64) decision {
	r := p.retryFor(err)
	switch {
	case IsUnavailable(err):
		return decision{next: pause, reason: "unavailable"}
	case IsPermanent(err):
		return decision{next: die, reason: "permanent", afterDead: r.AfterDead}
	case attempts >= cmp.Or(r.Attempts, 10):
		return decision{next: die, reason: "out of attempts", afterDead: r.AfterDead}
	case attempts < cmp.Or(r.Quick, 2):
		return decision{next: again, reason: "failed"}
	}
	wait := backoff(attempts-cmp.Or(r.Quick, 2), cmp.Or(r.Min, 200*time.Millisecond), cmp.Or(r.Max, time.Minute), uniform)
	return decision{next: park, wait: wait, reason: "failed", afterDead: r.AfterDead}
}

func (p policy) retryFor(err error) Retry {
	for _, r := range p.retry {
		if r.accepts(err) {
			return r
		}
	}
	return Retry{}
}

func (r Retry) accepts(err error) bool {
	accepted := r.If == nil
	panicked := protect(func() error {
		accepted = accepted || r.If(err)
		return nil
	})
	return accepted && panicked == nil
}

// backoff is a random time between 0 and shortest·2^n, where the latter is at most longest: "full jitter", as in Marc Brooker, "Exponential
// Backoff And Jitter", AWS Architecture Blog, 2015.
func backoff(n int, shortest, longest time.Duration, uniform func(int64) int64) time.Duration {
	longest = min(longest, math.MaxInt64-1) // so that there is room for the 1 that is added below
	ceiling := min(shortest, longest)
	for i := 0; i < n && 0 < ceiling && ceiling < longest; i++ {
		if ceiling > longest/2 {
			ceiling = longest
		} else {
			ceiling *= 2
		}
	}
	if ceiling <= 0 {
		return 0
	}
	return time.Duration(uniform(int64(ceiling) + 1))
}

func random(n int64) int64 { return rand.Int64N(n) }
