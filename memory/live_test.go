package memory_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

func subscribe(t *testing.T, l *memory.Live, pattern string, buffer int) driver.Subscription {
	t.Helper()
	s, err := l.Subscribe(pattern, buffer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func publish(t *testing.T, l *memory.Live, subject, data string) {
	t.Helper()
	if err := l.Publish(t.Context(), subject, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

// rest ends a subscription and returns the subjects it had heard.
func rest(s driver.Subscription) []string {
	s.Close()
	var subjects []string
	for m := range s.Messages() {
		subjects = append(subjects, m.Subject)
	}
	return subjects
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	subjects := []string{"a", "a.b", "a.b.c", "a.x.c", "b.b", "ab"}
	for pattern, want := range map[string][]string{
		"a":     {"a"},
		"a.b":   {"a.b"},
		"*":     {"a", "ab"},
		"a.*":   {"a.b"},
		"*.b":   {"a.b", "b.b"},
		"a.*.c": {"a.b.c", "a.x.c"},
		"a.>":   {"a.b", "a.b.c", "a.x.c"},
		"*.>":   {"a.b", "a.b.c", "a.x.c", "b.b"},
		">":     subjects,
		"c.>":   nil,
	} {
		l := memory.NewLive()
		s := subscribe(t, l, pattern, len(subjects))
		for _, subject := range subjects {
			publish(t, l, subject, "")
		}
		if got := rest(s); !slices.Equal(got, want) {
			t.Errorf("%s hears %v, want %v", pattern, got, want)
		}
		if s.Lost() {
			t.Errorf("%s was lost", pattern)
		}
	}
}

func TestMalformedSubjects(t *testing.T) {
	t.Parallel()
	l := memory.NewLive()
	for _, pattern := range []string{"", "a..b", ".a", "a.", "a.>.b", ">.a"} {
		if _, err := l.Subscribe(pattern, 1); err == nil {
			t.Errorf("pattern %q was accepted", pattern)
		}
	}
	for _, subject := range []string{"", "a..b", "a.", "a.*", ">"} {
		if err := l.Publish(t.Context(), subject, nil); err == nil {
			t.Errorf("subject %q was accepted", subject)
		}
	}
}

func TestSlowListenerIsCutOff(t *testing.T) {
	t.Parallel()
	l := memory.NewLive()
	slow, quick, least := subscribe(t, l, "a.>", 2), subscribe(t, l, "a.>", 4), subscribe(t, l, "a.>", 0)
	for _, subject := range []string{"a.1", "a.2", "a.3", "a.4"} {
		publish(t, l, subject, "x")
	}
	for s, want := range map[driver.Subscription]struct {
		lost  bool
		heard int
	}{slow: {true, 2}, quick: {false, 4}, least: {true, 1}} {
		if s.Lost() != want.lost {
			t.Errorf("the listener with room for %d: Lost is %t", want.heard, s.Lost())
		}
		if got := rest(s); len(got) != want.heard {
			t.Errorf("the listener with room for %d heard %v", want.heard, got)
		}
	}
	again := subscribe(t, l, "a.>", 1)
	publish(t, l, "a.5", "fresh")
	if m := <-again.Messages(); m.Subject != "a.5" || string(m.Data) != "fresh" {
		t.Errorf("heard %s %q after subscribing again", m.Subject, m.Data)
	}
}

func TestEndsOfSubscriptions(t *testing.T) {
	t.Parallel()
	l := memory.NewLive()
	first, second := subscribe(t, l, "a", 1), subscribe(t, l, "a", 1)
	first.Close()
	first.Close()
	publish(t, l, "a", "")
	if got := rest(first); got != nil {
		t.Errorf("heard %v after Close", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Publish(ended, "a", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("publish with a context that has ended: %v", err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := rest(second); len(got) != 1 || second.Lost() {
		t.Errorf("heard %v before the end, lost %t", got, second.Lost())
	}
	if err := l.Publish(t.Context(), "a", nil); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("publish after Close: %v", err)
	}
	if _, err := l.Subscribe("a", 1); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("subscribe after Close: %v", err)
	}
}

// TestListenersComeAndGo is for the race detector: publishing, being cut off and closing at the same time.
func TestListenersComeAndGo(t *testing.T) {
	t.Parallel()
	l := memory.NewLive()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				s, err := l.Subscribe("a.*", 1)
				if err != nil {
					t.Error(err)
					return
				}
				all.Go(s.Close)
				for range s.Messages() {
				}
			}
		})
		all.Go(func() {
			for range 500 {
				if err := l.Publish(t.Context(), "a.b", nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
