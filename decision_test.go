package headrace

import (
	"os"
	"strings"
	"testing"

	"github.com/headrace/headrace/driver"
)

// decisions asks the questions of a file in testdata. A line is a question; the line after it, which begins with an arrow, is the answer.
// Lines that begin with # are for people.
func decisions(t *testing.T, file string, answer func(question string) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	question, asked, number := "", 0, 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		want, isAnswer := strings.CutPrefix(line, "-> ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !isAnswer && question == "":
			question = line
		case !isAnswer || question == "":
			t.Fatalf("%s:%d: a question has one answer", file, number)
		default:
			if got := answer(question); got != want {
				t.Errorf("%s:%d: %s\n got %s\nwant %s", file, number, question, got, want)
			}
			question = ""
			asked++
		}
	}
	if question != "" || asked == 0 {
		t.Fatalf("%s: it ends without an answer", file)
	}
}

func mustPosition(t *testing.T, text string) Position {
	t.Helper()
	p, err := driver.ParsePosition(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
