package headrace_test

import (
	"os"
	"strings"
	"testing"
)

// TestFirstEventIsShort holds a line: from nothing to the first handled event, a user writes fewer than 40 lines.
func TestFirstEventIsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("example_handle_test.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	if n < 10 || n >= 40 {
		t.Errorf("the example of a first event has %d lines: want fewer than 40", n)
	}
}
