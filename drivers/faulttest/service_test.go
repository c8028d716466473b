package faulttest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headrace/headrace"
)

// move is the Nth step of a key's counter.
type move struct {
	Key string `json:"key"`
	N   int    `json:"n"`
	Pad string `json:"pad,omitempty"` // makes it larger
}

func keyOf(m move) string { return m.Key }

var (
	moves  = headrace.Topic{Name: "moves", Partitions: 8}
	echoes = headrace.Topic{Name: "echoes", Partitions: 4}
	moved  = headrace.Define(moves, "moved", 1, keyOf)
	echoed = headrace.Define(echoes, "echoed", 1, keyOf)
	// movedLater is what a newer release of the source publishes.
	movedLater = headrace.Define(moves, "moved", 2, keyOf)
)

// tables are the services' own.
var tables = map[string]string{
	"source": `CREATE TABLE IF NOT EXISTS counter (key TEXT PRIMARY KEY, n BIGINT NOT NULL);
		CREATE TABLE IF NOT EXISTS echo (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key TEXT NOT NULL, n BIGINT NOT NULL)`,
	"sink": `CREATE TABLE IF NOT EXISTS applied (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key TEXT NOT NULL, n BIGINT NOT NULL, pid BIGINT NOT NULL,
			at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp());
		CREATE TABLE IF NOT EXISTS last (key TEXT PRIMARY KEY, n BIGINT NOT NULL);
		CREATE TABLE IF NOT EXISTS violation (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what TEXT NOT NULL)`,
}

// producer makes the source's transactions.
type producer struct {
	rate, made, failed atomic.Int64
}

// run makes transactions at the rate that is wanted, until ctx ends. It does not wait for one before it makes the next.
func (p *producer) run(ctx context.Context, source *headrace.Service, s nodeSettings, ready <-chan struct{}) {
	select {
	case <-ready:
	case <-ctx.Done():
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	room := make(chan struct{}, 8)
	for ctx.Err() == nil {
		pause := 10 * time.Millisecond
		if rate := p.rate.Load(); rate > 0 {
			pause = time.Second / time.Duration(rate)
			room <- struct{}{}
			running.Go(func() {
				defer func() { <-room }()
				p.produce(ctx, source, move{Key: chooseKey(s), Pad: strings.Repeat("x", s.Pad)})
			})
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func chooseKey(s nodeSettings) string {
	if s.Later {
		return fmt.Sprint("later-", rand.IntN(max(s.Keys, 1)))
	}
	if rand.IntN(100) < s.Hot {
		return "key-0"
	}
	return fmt.Sprint("key-", rand.IntN(max(s.Keys, 1)))
}

func (p *producer) produce(ctx context.Context, source *headrace.Service, m move) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := source.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		err := tx.SQL().QueryRowContext(ctx, `INSERT INTO counter (key, n) VALUES ($1, 1)
			ON CONFLICT (key) DO UPDATE SET n = counter.n + 1 RETURNING n`, m.Key).Scan(&m.N)
		if err != nil {
			return err
		}
		if strings.HasPrefix(m.Key, "later-") {
			return movedLater.Publish(tx, m)
		}
		return moved.Publish(tx, m)
	})
	if err != nil {
		p.failed.Add(1)
	} else {
		p.made.Add(1)
	}
}

// keepEcho is the source's handler.
func keepEcho(ctx context.Context, tx *headrace.Tx, e headrace.Event[move]) error {
	_, err := tx.SQL().ExecContext(ctx, `INSERT INTO echo (key, n) VALUES ($1, $2)`, e.Data.Key, e.Data.N)
	return err
}

// handling is what the sink does besides its work.
type handling struct {
	Poison string        // a key of which every event fails
	Exit   string        // a key whose events end the process
	Slow   time.Duration // how long each event takes
	SlowAt string        // a key: only its events do
	Down   bool          // something that the handler depends on is not available
}

// handler is the sink's.
type handler struct {
	mu sync.Mutex
	is handling
}

func (h *handler) set(is handling) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.is = is
}

func (*handler) retry() headrace.HandlerOption {
	return headrace.Retry{Attempts: 3, Min: 10 * time.Millisecond, Max: 50 * time.Millisecond}
}

var (
	errPoison = errors.New("poison")
	errDown   = errors.New("it is down")
)

// apply writes a number down. The table last is locked by its row from the first statement to the commit.
func (h *handler) apply(ctx context.Context, tx *headrace.Tx, e headrace.Event[move]) error {
	h.mu.Lock()
	is := h.is
	h.mu.Unlock()
	switch {
	case is.Down:
		return headrace.Unavailable(errDown)
	case is.Poison != "" && e.Data.Key == is.Poison:
		return errPoison
	case is.Exit != "" && e.Data.Key == is.Exit:
		os.Exit(3)
	case is.Slow > 0 && (is.SlowAt == "" || is.SlowAt == e.Data.Key):
		<-time.After(is.Slow)
	}
	if err := writeDown(ctx, tx.SQL(), e.Data); err != nil {
		return err
	}
	return echoed.Publish(tx, move{Key: e.Data.Key, N: e.Data.N})
}

func writeDown(ctx context.Context, tx *sql.Tx, m move) error {
	var before int
	err := tx.QueryRowContext(ctx, `SELECT n FROM last WHERE key = $1 FOR UPDATE`, m.Key).Scan(&before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if m.N != before+1 {
		what := fmt.Sprintf("%s: %d after %d", m.Key, m.N, before)
		if _, err := tx.ExecContext(ctx, `INSERT INTO violation (what) VALUES ($1)`, what); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO last (key, n) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET n = excluded.n`, m.Key, m.N); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO applied (key, n, pid) VALUES ($1, $2, $3)`, m.Key, m.N, os.Getpid())
	return err
}
