package redis

import (
	"log/slog"
	"sync"
)

// troubles says once when a stream cannot be read, and once when it can again. A read delivers what the other streams have, so its error
// cannot say it.
type troubles struct {
	log *slog.Logger

	mu  sync.Mutex
	now map[string]bool // by stream
}

// note takes the outcome of making a stream ready to be read.
func (t *troubles) note(key string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err != nil && !t.now[key]:
		if t.now == nil {
			t.now = map[string]bool{}
		}
		t.now[key] = true
		t.log.Warn("redis: a stream cannot be read; its partition is read from history, the others go on", "stream", key, "error", err)
	case err == nil && t.now[key]:
		delete(t.now, key)
		t.log.Info("redis: a stream can be read again", "stream", key)
	}
}
