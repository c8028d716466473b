package redis_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

// world is a broker on a server of its own, with helpers that end the test when something unexpected goes wrong.
type world struct {
	testing.TB
	ctx    context.Context
	server *testserver.RedisServer
	broker *redis.Broker
	raw    rueidis.Client
}

func newWorld(t *testing.T, c redis.BrokerConfig, settings ...string) *world {
	t.Helper()
	t.Parallel()
	w := &world{TB: t, server: testserver.Redis(t, settings...)}
	var cancel context.CancelFunc
	w.ctx, cancel = context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	if c.URL == "" {
		c.URL = w.server.URL()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	w.broker = newBroker(t, c)
	w.raw = w.client()
	return w
}

// client is a client that the broker knows nothing of.
func (w *world) client() rueidis.Client {
	w.Helper()
	options, err := redis.ClientOptions(w.server.URL())
	w.must(err)
	client, err := rueidis.NewClient(options)
	w.must(err)
	w.Cleanup(client.Close)
	return client
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func partition(n int) driver.Partition { return driver.Partition{Topic: "orders", Number: n} }

func at(seq uint64) driver.Position { return driver.Position{Epoch: 1, Seq: seq} }

// entries are the events of a partition from one number to another.
func entries(n int, from, to uint64) driver.Batch {
	b := driver.Batch{Partition: partition(n)}
	for seq := from; seq <= to; seq++ {
		b.Entries = append(b.Entries, driver.Entry{Position: at(seq), Meta: []byte("meta"), Data: fmt.Append(nil, seq)})
	}
	return b
}

func (w *world) append(batches ...driver.Batch) {
	w.Helper()
	for p, err := range w.broker.Append(w.ctx, batches) {
		w.Fatalf("append to %s: %v", p, err)
	}
}

// follow opens a reader of a group at a place in some partitions.
func (w *world) follow(group string, after uint64, partitions ...int) driver.Reader {
	w.Helper()
	r, err := w.broker.Reader(w.ctx, group)
	w.must(err)
	w.Cleanup(func() { _ = r.Close() }) // the broker may be closed
	for _, n := range partitions {
		w.must(r.Seek(w.ctx, partition(n), at(after)))
	}
	return r
}

// read reads until it has so many entries, and returns them as "partition:position".
func (w *world) read(r driver.Reader, count int) []string {
	w.Helper()
	var got []string
	for len(got) < count {
		batches, err := r.Read(w.ctx, 5000, 5*time.Second)
		w.must(err)
		if len(batches) == 0 {
			w.Fatalf("read %v and then nothing: want %d entries", got, count)
		}
		for _, b := range batches {
			for _, e := range b.Entries {
				got = append(got, fmt.Sprint(b.Partition.Number, ":", e.Position))
			}
		}
	}
	return got
}

func (w *world) wantRead(r driver.Reader, want ...string) {
	w.Helper()
	if got := w.read(r, len(want)); !slices.Equal(got, want) {
		w.Fatalf("read %v, want %v", got, want)
	}
}

func (w *world) wantNothing(r driver.Reader) {
	w.Helper()
	batches, err := r.Read(w.ctx, 100, 30*time.Millisecond)
	w.must(err)
	if len(batches) > 0 {
		w.Fatalf("read %v, want nothing", batches)
	}
}

func (w *world) top(n int) driver.Entry {
	w.Helper()
	e, err := w.broker.Top(w.ctx, partition(n))
	w.must(err)
	return e
}

// do sends a command as one would type it, and returns what came back in one line.
func (w *world) do(format string, args ...any) string {
	w.Helper()
	words := strings.Fields(fmt.Sprintf(format, args...))
	reply, err := w.raw.Do(w.ctx, w.raw.B().Arbitrary(words...).Build()).ToAny()
	if err != nil && !rueidis.IsRedisNil(err) {
		w.Fatalf("%s: %v", words, err)
	}
	return fmt.Sprint(reply)
}

// await waits until something is so that nobody signals.
func (w *world) await(what string, so func() bool) {
	w.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !so() {
		select {
		case <-look.C:
		case <-w.ctx.Done():
			w.Fatalf("waited in vain until %s", what)
		}
	}
}

// listen returns a function that returns the commands that the server was given since the last time, or since listen.
func (w *world) listen() func() []string {
	w.Helper()
	conn, err := net.Dial("tcp", w.server.Addr())
	w.must(err)
	w.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte("MONITOR\r\n"))
	w.must(err)
	lines := bufio.NewScanner(conn)
	if !lines.Scan() || lines.Text() != "+OK" {
		w.Fatalf("monitor: %q, %v", lines.Text(), lines.Err())
	}
	return func() []string {
		w.do("ECHO now")
		var heard []string
		for lines.Scan() && !strings.Contains(lines.Text(), `"ECHO" "now"`) {
			heard = append(heard, lines.Text())
		}
		w.must(lines.Err())
		return heard
	}
}
