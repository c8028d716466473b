package headrace

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// trouble spaces out the attempts of a loop whose surroundings fail, and logs the beginning and the end of it instead of every attempt.
type trouble struct {
	log   *slog.Logger
	what  string
	count int
}

const (
	shortestTrouble = 20 * time.Millisecond
	longestTrouble  = 2 * time.Second
)

// note takes the outcome of one attempt and returns how long to wait before the next.
func (t *trouble) note(ctx context.Context, err error) time.Duration {
	if err == nil {
		if t.count > 0 {
			t.log.InfoContext(ctx, t.what+" works again", "failures", t.count)
		}
		t.count = 0
		return 0
	}
	if t.count == 0 {
		t.log.WarnContext(ctx, t.what+" fails; it is tried again until it works", "error", err)
	}
	t.count++
	return shortestTrouble + backoff(t.count-1, shortestTrouble, longestTrouble, random)
}

// longestError is how many bytes of an error's text are stored.
const longestError = 16 << 10

// errorText is an error as every database can store it: text without zero bytes, and not too much of it.
func errorText(err error) string {
	text := err.Error()
	text = text[:min(len(text), longestError)]
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
