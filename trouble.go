package headrace

import (
	"context"
	"log/slog"
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
