package load

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// tally counts what happens. Its methods may be called concurrently.
type tally struct {
	mu       sync.Mutex
	begun    time.Time
	now      Summary
	inFlight int
	posts    []time.Duration
	ends     map[string][]time.Duration
}

// Summary is what came of a run. Errors are counted per attempt, by kind; an order that was placed in the end may have had some.
type Summary struct {
	Took      time.Duration
	Placed    int // orders that the shop confirmed to have
	Repeated  int // of them, those that it had already when it was asked again
	Failed    int // orders that were given up
	Skipped   int // orders that fell due while too many were unanswered
	Cancelled int // orders that the buyer cancelled in time
	TooLate   int // and not in time
	Errors    map[string]int
	Post      Percentiles            // from when an order fell due until it was placed
	Ends      map[string]Percentiles // by status: from when an order fell due until it was seen to have ended
}

// Percentiles are of durations. All are zero when there is none.
type Percentiles struct {
	Count              int
	P50, P90, P99, Max time.Duration
}

func newTally() *tally {
	return &tally{begun: time.Now(), now: Summary{Errors: map[string]int{}}, ends: map[string][]time.Duration{}}
}

func (t *tally) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight++
}

func (t *tally) skip() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.Skipped++
}

func (t *tally) answered(took time.Duration, placed placedOrder, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
	for _, failure := range placed.failures {
		t.now.Errors[kind(failure)]++
	}
	if err != nil {
		t.now.Failed++
		t.now.Errors[kind(err)]++
		return
	}
	t.posts = append(t.posts, took)
	t.now.Placed++
	if placed.Repeated {
		t.now.Repeated++
	}
}

func (t *tally) cancelled(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch r, ok := errors.AsType[*refusal](err); {
	case err == nil:
		t.now.Cancelled++
	case ok && r.Status == http.StatusConflict:
		t.now.TooLate++
	default:
		t.now.Errors[kind(err)]++
	}
}

func (t *tally) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.Errors[kind(err)]++
}

func (t *tally) ended(status string, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ends[status] = append(t.ends[status], took)
}

func (t *tally) summary() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.now
	s.Took = time.Since(t.begun)
	s.Post = percentiles(t.posts)
	s.Ends = map[string]Percentiles{}
	for status, durations := range t.ends {
		s.Ends[status] = percentiles(durations)
	}
	return s
}

func percentiles(durations []time.Duration) Percentiles {
	if len(durations) == 0 {
		return Percentiles{}
	}
	sorted := slices.Sorted(slices.Values(durations))
	at := func(share float64) time.Duration { return sorted[int(share*float64(len(sorted)-1)+0.5)] }
	return Percentiles{Count: len(sorted), P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: sorted[len(sorted)-1]}
}
