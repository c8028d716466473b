package redis

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// A question travels as a line and its data: the id, where the answer goes, and how many milliseconds are left. A question that was given up
// is its id alone. An answer is the id as a line, and its data.

// asking is a question as it arrived.
type asking struct {
	id      string
	inbox   string // empty: it was given up
	left    time.Duration
	arrived time.Time
	data    string
}

// longestWait is how long a question without a deadline waits.
const longestWait = time.Minute

func encodeQuestion(ctx context.Context, id, inbox string, data []byte) string {
	left := longestWait
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline))
	}
	return id + " " + inbox + " " + strconv.FormatInt(left.Milliseconds(), 10) + "\n" + string(data)
}

func encodeGivenUp(id string) []byte { return []byte(id + "\n") }

// decodeQuestion reads a question. What is none has an empty id.
func decodeQuestion(text string) asking {
	line, data, _ := strings.Cut(text, "\n")
	words := strings.Split(line, " ")
	if len(words) == 1 {
		return asking{id: words[0]}
	}
	if len(words) != 3 {
		return asking{}
	}
	left, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil {
		return asking{}
	}
	return asking{id: words[0], inbox: words[1], left: time.Duration(left) * time.Millisecond, arrived: time.Now(), data: data}
}

func encodeAnswer(id string, data []byte) string { return id + "\n" + string(data) }
