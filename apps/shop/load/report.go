package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const tick = 500 * time.Millisecond

// report writes how it goes, until the returned function is called.
func (r *run) report() (stop func()) {
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				r.say("%s", r.tally.line())
			case <-done:
				r.say("%s\n", r.tally.line())
				return
			}
		}
	})
	return func() {
		close(done)
		writer.Wait()
	}
}

// say tells whoever watches. A watcher who has left does not stop the run. It may be called concurrently.
func (r *run) say(format string, args ...any) {
	r.saying.Lock()
	defer r.saying.Unlock()
	_, _ = fmt.Fprintf(r.config.Out, format, args...)
}

// line is how it goes, on one line.
func (t *tally) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	took := time.Since(t.begun).Seconds()
	errs := 0
	for _, n := range t.now.Errors {
		errs += n
	}
	return fmt.Sprintf("\r%5.0fs  %7d placed  %7.1f/s  %5d in flight  %5d errors  %5d failed ",
		took, t.now.Placed, float64(t.now.Placed)/took, t.inFlight, errs, t.now.Failed)
}

// String is the summary for people, in some lines.
func (s Summary) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d orders placed in %.1f s, %.1f per second; %d placed twice over; %d cancelled, %d too late; %d failed, %d skipped\n",
		s.Placed, s.Took.Seconds(), float64(s.Placed)/s.Took.Seconds(), s.Repeated, s.Cancelled, s.TooLate, s.Failed, s.Skipped)
	fmt.Fprintf(&text, "%-28s %8s %9s %9s %9s %9s\n", "", "count", "p50", "p90", "p99", "max")
	writeRow(&text, "due to placed", s.Post)
	for _, status := range slices.Sorted(maps.Keys(s.Ends)) {
		writeRow(&text, "due to "+status, s.Ends[status])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Errors)) {
		fmt.Fprintf(&text, "error: %-40s %8d\n", name, s.Errors[name])
	}
	return text.String()
}

func writeRow(text *strings.Builder, name string, p Percentiles) {
	fmt.Fprintf(text, "%-28s %8d %7.1fms %7.1fms %7.1fms %7.1fms\n", name, p.Count, ms(p.P50), ms(p.P90), ms(p.P99), ms(p.Max))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
