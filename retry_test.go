package headrace

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	errTimeout = errors.New("timeout")
	errRefused = errors.New("refused")
)

// TestRetry asks what follows a failure: "attempts=4 skip | if=timeout attempts=2: 3 timeout" is a handler with two Retry options, whose third
// attempt ends with a timeout. Chance always says the longest wait.
func TestRetry(t *testing.T) {
	t.Parallel()
	decisions(t, "testdata/retry.txt", func(question string) string {
		options, failed, _ := strings.Cut(question, ":")
		var p policy
		for option := range strings.SplitSeq(options, "|") {
			if strings.TrimSpace(option) != "default" {
				parseRetry(t, option).applyHandler(&p)
			}
		}
		count, kind, _ := strings.Cut(strings.TrimSpace(failed), " ")
		attempts, err := strconv.Atoi(count)
		if err != nil {
			t.Fatalf("%q: %v", question, err)
		}
		return p.decide(parseFailure(t, kind), attempts, func(n int64) int64 { return n - 1 }).String()
	})
}

func parseRetry(t *testing.T, words string) Retry {
	t.Helper()
	var r Retry
	for word := range strings.FieldsSeq(words) {
		name, value, _ := strings.Cut(word, "=")
		number, _ := strconv.Atoi(value)           // 0 where it is none
		duration, err := time.ParseDuration(value) // likewise
		switch name {
		case "attempts":
			r.Attempts = number
		case "quick":
			r.Quick = number
		case "min":
			r.Min = duration
		case "max":
			r.Max = duration
		case "skip":
			r.AfterDead = SkipKey
		case "if":
			accepted := parseFailure(t, value)
			r.If = func(err error) bool { return errors.Is(err, accepted) }
		default:
			t.Fatalf("retry option %q: %v", word, err)
		}
	}
	return r
}

func parseFailure(t *testing.T, words string) error {
	t.Helper()
	kinds := map[string]error{
		"timeout":             errTimeout,
		"refused":             errRefused,
		"permanent refused":   Permanent(errRefused),
		"unavailable timeout": Unavailable(errTimeout),
		"wrapped permanent":   fmt.Errorf("charge: %w", Permanent(errRefused)),
		"wrapped unavailable": fmt.Errorf("charge: %w", Unavailable(errTimeout)),
		"both":                Unavailable(Permanent(errTimeout)),
		"panic":               &PanicError{Value: "no"},
	}
	err := kinds[words]
	if err == nil {
		t.Fatalf("failure %q is unknown", words)
	}
	return err
}

// String is the decision as the stories tell it.
func (d decision) String() string {
	after := map[AfterDead]string{HoldKey: "holds its key", SkipKey: "lets its key go on"}[d.afterDead]
	switch d.next {
	case again:
		return "again"
	case park:
		return "park " + d.wait.String()
	case die:
		return "dead: " + d.reason + ", " + after
	case pause:
		return "pause: " + d.reason
	}
	return fmt.Sprintf("unknown decision %d", d.next)
}

func TestBackoffStaysInItsBounds(t *testing.T) {
	t.Parallel()
	longest := func(n int64) int64 { return n - 1 }
	for _, c := range []struct {
		n                 int
		shortest, longest time.Duration
		want              time.Duration
	}{
		{0, 100, 1000, 100},
		{1, 100, 1000, 200},
		{3, 100, 1000, 800},
		{4, 100, 1000, 1000},
		{5, 100, 1000, 1000},
		{2, 1, 5, 4},
		{3, 1, 5, 5},
		{0, 1000, 100, 100},
		{9, 1000, 100, 100},
		{0, 1, 1, 1},
		{7, 0, 1000, 0},
		{7, -1, 1000, 0},
		{math.MaxInt, time.Millisecond, time.Hour, time.Hour},
		{math.MaxInt, time.Millisecond, math.MaxInt64, math.MaxInt64 - 1},
	} {
		if got := backoff(c.n, c.shortest, c.longest, longest); got != c.want {
			t.Errorf("backoff %d from %d to %d is at most %d: want %d", c.n, c.shortest, c.longest, got, c.want)
		}
		if got := backoff(c.n, c.shortest, c.longest, func(int64) int64 { return 0 }); got != 0 {
			t.Errorf("backoff %d from %d to %d is at least %d: want 0", c.n, c.shortest, c.longest, got)
		}
	}
}

func TestRandomCoversTheWholeWait(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for range 1000 {
		seen[backoff(2, 1, 100, random)] = true
	}
	for d := range time.Duration(5) {
		if !seen[d] {
			t.Errorf("in 1000 draws from 0 to 4, %d never came", d)
		}
	}
	if len(seen) != 5 {
		t.Errorf("drew %d different waits: want those from 0 to 4", len(seen))
	}
}

func TestRetriesAreAskedInOrder(t *testing.T) {
	t.Parallel()
	var asked []string
	asks := func(name string, answer bool) Retry {
		return Retry{If: func(error) bool {
			asked = append(asked, name)
			return answer
		}}
	}
	p := newPolicy([]HandlerOption{asks("first", false), Retry{Attempts: 3}, asks("second", false), Retry{Attempts: 4}})
	if got := p.retryFor(errTimeout).Attempts; got != 3 {
		t.Errorf("the Retry with %d attempts decides: want the first one without an If, wherever it stands", got)
	}
	if want := []string{"first", "second"}; !slices.Equal(asked, want) {
		t.Errorf("asked %v: want %v, those with an If first and in order", asked, want)
	}
}
