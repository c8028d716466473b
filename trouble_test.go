package headrace

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestTroubleIsLoggedAtItsBeginningAndItsEnd(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	tr := trouble{log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: noTime})), what: "relay"}
	down := errors.New("connection refused")
	for _, err := range []error{nil, down, down, down, nil, nil, down} {
		tr.note(t.Context(), err)
	}
	want := []string{
		`level=WARN msg="relay fails; it is tried again until it works" error="connection refused"`,
		`level=INFO msg="relay works again" failures=3`,
		`level=WARN msg="relay fails; it is tried again until it works" error="connection refused"`,
	}
	if got := strings.TrimSpace(log.String()); got != strings.Join(want, "\n") {
		t.Errorf("logged\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestTroubleWaits(t *testing.T) {
	t.Parallel()
	tr := trouble{log: slog.New(slog.DiscardHandler), what: "relay"}
	down := errors.New("connection refused")
	for n := range 100 {
		most := shortestTrouble + min(shortestTrouble<<min(n, 20), longestTrouble)
		if d := tr.note(t.Context(), down); d < shortestTrouble || d > most {
			t.Fatalf("after failure %d it waits %v, want %v to %v", n+1, d, shortestTrouble, most)
		}
	}
	if d := tr.note(t.Context(), nil); d != 0 {
		t.Errorf("after a success it waits %v", d)
	}
	if d := tr.note(t.Context(), down); d > 2*shortestTrouble {
		t.Errorf("after a success and a failure it waits %v, want at most %v: the count begins again", d, 2*shortestTrouble)
	}
}

func TestTroubleThatLastsIsWaitedOutLonger(t *testing.T) {
	t.Parallel()
	tr := trouble{log: slog.New(slog.DiscardHandler), what: "relay"}
	longest := time.Duration(0)
	for range 100 {
		longest = max(longest, tr.note(t.Context(), errors.New("down")))
	}
	if longest < longestTrouble/2 {
		t.Errorf("in 100 failures it never waited longer than %v", longest)
	}
}
