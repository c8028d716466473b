package redis_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

func TestConfigurationsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]redis.BrokerConfig{
		"braces in the prefix": {Prefix: "{shop}"}, "a space in the prefix": {Prefix: "a shop"}, "no such scheme": {URL: "http://localhost"},
		"shards": {Shards: -1}, "bound": {Bound: -1}, "timeout": {Timeout: -1},
	} {
		if _, err := redis.NewBroker(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCloseLeavesAClientOpenThatWasGiven(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	b := newBroker(t, redis.BrokerConfig{Client: w.raw})
	if failed := b.Append(w.ctx, []driver.Batch{entries(0, 1, 2)}); len(failed) > 0 {
		t.Fatal(failed)
	}
	r, err := b.Reader(w.ctx, "billing")
	w.must(err)
	w.must(r.Seek(w.ctx, partition(0), driver.Start))
	w.read(r, 2)
	w.wantNothing(r)
	w.must(b.Close())
	w.must(b.Close())
	if got := w.do("PING"); got != "PONG" {
		t.Errorf("after Close the client that was given answers %s", got)
	}
	if _, err := r.Read(w.ctx, 1, time.Second); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("read after Close: %v", err)
	}
	if _, err := b.Reader(w.ctx, "billing"); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("reader after Close: %v", err)
	}
}

// A server that is down when a process starts is no reason not to start.
func TestABrokerWaitsForItsServer(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.server.Kill()
	if failed := w.broker.Append(w.ctx, []driver.Batch{entries(0, 1, 1)}); failed[partition(0)] == nil {
		t.Fatal("appended to a server that is down")
	}
	r := w.follow("billing", 0, 0)
	if _, err := r.Read(w.ctx, 1, 5*time.Second); err == nil {
		t.Error("reading from a server that is down is no error")
	}
	w.server.Restart()
	w.append(entries(0, 1, 1))
	w.wantRead(r, "0:1-1")
}

// Calls end with their contexts, also while the server does not even answer to being called.
func TestCallsEndWithTheirContexts(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{Timeout: time.Second})
	w.server.Stop()
	for name, call := range map[string]func(context.Context) error{
		"append": func(ctx context.Context) error {
			return w.broker.Append(ctx, []driver.Batch{entries(0, 1, 1)})[partition(0)]
		},
		"top":    func(ctx context.Context) error { _, err := w.broker.Top(ctx, partition(0)); return err },
		"remove": func(ctx context.Context) error { return w.broker.Remove(ctx, partition(0), []driver.Position{at(1)}) },
		"read": func(ctx context.Context) error {
			_, err := w.follow("billing", 0, 0).Read(ctx, 1, time.Minute)
			return err
		},
		"ack": func(ctx context.Context) error {
			return w.follow("billing", 0, 0).Ack(ctx, []driver.Batch{entries(0, 1, 1)})
		},
	} {
		ctx, cancel := context.WithTimeout(w.ctx, 50*time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	begun := driver.SystemClock()
	r := w.follow("billing", 0, 0)
	if batches, err := r.Read(w.ctx, 1, 0); err != nil || len(batches) > 0 {
		t.Errorf("a read that must not wait: %v, %v", batches, err)
	}
	if took := driver.SystemClock().Sub(begun); took > time.Second {
		t.Errorf("a read that must not wait has taken %v", took)
	}
	w.server.Continue()
}

func TestAServerThatEvictsIsNotFilledAgain(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, redis.BrokerConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))}, "maxmemory-policy allkeys-lru")
	w.append(entries(0, 1, 1))
	if bound := w.broker.Bound(); bound != 0 {
		t.Errorf("Bound is %d: want 0", bound)
	}
	if text := log.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "allkeys-lru") {
		t.Errorf("the log says %q", text)
	}
}

// The rights that the package's comment names are enough.
func TestAUserWithFewRights(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{}, "user shop on >secret resetkeys ~headrace:* resetchannels -@all "+
		"+hello +xadd +xreadgroup +xack +xgroup +xinfo +xpending +xdel +xsetid +xrevrange +exists +eval +xrange +del +rename")
	b := newBroker(t, redis.BrokerConfig{URL: "redis://shop:secret@" + w.server.Addr(), Logger: slog.New(slog.DiscardHandler)})
	if failed := b.Append(w.ctx, []driver.Batch{entries(0, 1, 3)}); len(failed) > 0 {
		t.Fatal(failed)
	}
	r, err := b.Reader(w.ctx, "billing")
	w.must(err)
	w.must(r.Seek(w.ctx, partition(0), at(1)))
	w.wantRead(r, "0:1-2", "0:1-3")
	w.must(r.Ack(w.ctx, []driver.Batch{entries(0, 2, 3)}))
	w.must(b.Remove(w.ctx, partition(0), []driver.Position{at(3)}))
	if top, err := b.Top(w.ctx, partition(0)); err != nil || top.Position != at(2) {
		t.Errorf("top is %s, %v", top.Position, err)
	}
	wrong := newBroker(t, redis.BrokerConfig{URL: "redis://shop:wrong@" + w.server.Addr(), Logger: slog.New(slog.DiscardHandler)})
	if _, err := wrong.Top(w.ctx, partition(0)); err == nil || strings.Contains(err.Error(), "wrong@") {
		t.Errorf("with a wrong password: %v", err)
	}
}

func TestSystemsShareAServer(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	b := newBroker(t, redis.BrokerConfig{URL: w.server.URL(), Prefix: "another"})
	w.append(entries(0, 1, 1))
	if top, err := b.Top(w.ctx, partition(0)); err != nil || top.Position != driver.Start {
		t.Errorf("another system sees %s, %v", top.Position, err)
	}
}

// TestServersOfOneSystem runs the suite's rules for brokers where there is more than one server.
func TestServersOfOneSystem(t *testing.T) {
	t.Parallel()
	nodes := testserver.RedisCluster(t)
	runPorts(t, redis.BrokerConfig{URL: nodes[0].URL() + "?addr=" + nodes[1].Addr(), Shards: 3})
}

func TestServersWithTLS(t *testing.T) {
	t.Parallel()
	_, url, trusted := testserver.RedisTLS(t)
	quiet := slog.New(slog.DiscardHandler)
	if _, err := newBroker(t, redis.BrokerConfig{URL: url, Logger: quiet}).Top(t.Context(), partition(0)); err == nil {
		t.Error("a certificate is trusted that nobody knows")
	}
	options, err := redis.ClientOptions(url)
	if err != nil {
		t.Fatal(err)
	}
	options.TLSConfig.RootCAs = trusted
	client, err := rueidis.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	runPorts(t, redis.BrokerConfig{Client: client})
}
