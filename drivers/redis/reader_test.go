package redis_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
)

func TestPendingIsWhatIsInFlight(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.append(entries(3, 1, 5))
	r := w.follow("billing", 0, 3)
	w.read(r, 5)
	w.must(r.Ack(w.ctx, []driver.Batch{entries(3, 1, 3)}))
	if got := w.do("XPENDING %s billing", key(3)); got != "[2 1-4 1-5 [[owner 2]]]" {
		t.Errorf("pending is %s", got)
	}
}

// The owner before died between its commits and its acknowledgements: what the cursor is past is no longer pending, the rest is delivered
// again to the new owner.
func TestTakeoverClearsWhatTheCursorIsPast(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	const last, cursor = 2503, 2500 // more than two pages of what is pending
	w.append(entries(0, 1, last))
	dead := w.follow("billing", 0, 0)
	w.read(dead, last)
	if got := w.do("XPENDING %s billing", key(0)); got != "[2503 1-1 1-2503 [[owner 2503]]]" {
		t.Fatalf("before the takeover, pending is %s", got)
	}
	w.wantRead(w.follow("billing", cursor, 0), "0:1-2501", "0:1-2502", "0:1-2503")
	if got := w.do("XPENDING %s billing", key(0)); got != "[3 1-2501 1-2503 [[owner 3]]]" {
		t.Errorf("after the takeover, pending is %s", got)
	}
}

func TestGroupsAreMadeAgainAtTheReadersPlace(t *testing.T) {
	for name, harm := range map[string]string{
		"group destroyed": "XGROUP DESTROY " + key(0) + " billing", "stream deleted": "DEL " + key(0), "everything deleted": "FLUSHALL",
		"group set back": "XGROUP SETID " + key(0) + " billing 0", "group set ahead": "XGROUP SETID " + key(0) + " billing 1-100",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, redis.BrokerConfig{})
			w.append(entries(0, 1, 5))
			r := w.follow("billing", 3, 0, 1)
			w.wantRead(r, "0:1-4", "0:1-5")
			w.do("%s", harm)
			_, err := r.Read(w.ctx, 100, 100*time.Millisecond)
			if (err != nil) != !strings.Contains(harm, "SETID") {
				t.Errorf("the next read: %v", err)
			}
			w.must(r.Seek(w.ctx, partition(0), at(5)))
			w.append(entries(0, 4, 7), entries(1, 4, 4))
			got := w.read(r, 3)
			slices.Sort(got)
			if want := []string{"0:1-6", "0:1-7", "1:1-4"}; !slices.Equal(got, want) {
				t.Errorf("read %v, want %v", got, want)
			}
		})
	}
}

// A reader finds its own way back after an error: nobody has to seek.
func TestAReaderLosesNoPlace(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.append(entries(0, 1, 5))
	r := w.follow("billing", 0, 0)
	w.read(r, 5)
	for seq := uint64(6); seq < 12; seq++ {
		w.wantNothing(r) // leaves a command waiting
		if w.do("CLIENT KILL TYPE normal SKIPME yes") == "0" {
			t.Fatal("there was no connection to break")
		}
		w.do("XADD %s 1-%d m meta d data", key(0), seq) // the broker's other connection is broken as well
		if _, err := r.Read(w.ctx, 100, time.Second); err == nil {
			t.Error("reading over a broken connection is no error")
		}
		w.wantRead(r, "0:"+at(seq).String())
	}
}

func TestAStreamOfAnotherTypeConcernsItselfOnly(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, redis.BrokerConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	w.do("SET %s text", key(1))
	r := w.follow("billing", 0, 0, 1, 2)
	w.append(entries(0, 1, 1), entries(2, 1, 1))
	got := w.read(r, 2)
	slices.Sort(got)
	if want := []string{"0:1-1", "2:1-1"}; !slices.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	failed := w.broker.Append(w.ctx, []driver.Batch{entries(0, 2, 2), entries(1, 1, 1)})
	if err := failed[partition(1)]; len(failed) != 1 || err == nil || !strings.Contains(err.Error(), key(1)) {
		t.Errorf("append: %v; want one error that names %s", failed, key(1))
	}
	if _, err := w.broker.Top(w.ctx, partition(1)); err == nil || !strings.Contains(err.Error(), key(1)) {
		t.Errorf("top: %v; want an error that names %s", err, key(1))
	}
	w.wantRead(r, "0:1-2")
	w.do("DEL %s", key(1))
	w.append(entries(1, 1, 1), entries(0, 3, 3))
	got = w.read(r, 2)
	slices.Sort(got)
	if want := []string{"0:1-3", "1:1-1"}; !slices.Equal(got, want) {
		t.Errorf("after the key was deleted: read %v, want %v", got, want)
	}
	if text := log.String(); strings.Count(text, key(1)) != 2 || strings.Count(text, "can be read again") != 1 {
		t.Errorf("the log says %s; want each change once", text)
	}
}

func TestAServerWithoutMemoryIsNamed(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	w.append(entries(0, 1, 1))
	w.do("CONFIG SET maxmemory 1")
	if _, err := w.follow("billing", 0, 1).Read(w.ctx, 1, time.Second); err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Errorf("read of a group that cannot be made: %v", err)
	}
	if err := w.broker.Append(w.ctx, []driver.Batch{entries(0, 2, 2)})[partition(0)]; err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Errorf("append: %v", err)
	}
}

// What nobody waits for any more must not be taken from the next owner.
func TestLeavingEndsTheCommandThatWaits(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	one, two := w.follow("billing", 0, 0, 1), w.follow("billing", 0)
	for seq := uint64(1); seq < 20; seq++ {
		w.wantNothing(one)
		w.must(one.Leave(w.ctx, partition(0)))
		w.must(two.Seek(w.ctx, partition(0), at(seq-1)))
		w.wantNothing(two)
		w.append(entries(0, seq, seq))
		w.wantRead(two, "0:"+at(seq).String())
		one, two = two, one
		w.must(one.Seek(w.ctx, partition(1), driver.Start))
	}
}

func TestAnIdleReaderAsksSeldomAndNeverForEver(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	r := w.follow("billing", 0, 0, 1, 2, 3)
	w.wantNothing(r)
	heard := w.listen()
	begun := driver.SystemClock()
	for driver.SystemClock().Sub(begun) < 2*time.Second {
		w.wantNothing(r)
	}
	if idle := heard(); len(idle) > 2 { // a PING of the other connection, and once in five seconds a read
		t.Errorf("two idle seconds took %q", idle)
	}
	for _, wait := range []time.Duration{time.Nanosecond, 0, time.Millisecond, time.Hour} {
		w.must(r.Seek(w.ctx, partition(0), driver.Start)) // ends what waits
		ctx, cancel := context.WithTimeout(w.ctx, 20*time.Millisecond)
		_, err := r.Read(ctx, 100, wait)
		cancel()
		if err != nil && wait < time.Hour {
			t.Fatal(err)
		}
	}
	blocks := regexp.MustCompile(`"BLOCK" "(\d+)"`)
	waits := 0
	for _, command := range heard() {
		if b := blocks.FindStringSubmatch(command); b != nil {
			waits++
			if b[1] == "0" || len(b[1]) > 4 {
				t.Errorf("a command waits for %s ms: %s", b[1], command)
			}
		}
	}
	if waits == 0 {
		t.Error("there was no command that waits")
	}
}

func TestConnectionsAreFew(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{Shards: 1})
	before := w.server.Info("connected_clients")
	if before != "2" { // ours, and the one that asks
		t.Fatalf("%s connections before", before)
	}
	w.append(entries(0, 1, 1), entries(1, 1, 1))
	r := w.follow("billing", 0, 0, 1)
	w.read(r, 2)
	w.wantNothing(r)
	w.must(r.Ack(w.ctx, []driver.Batch{entries(0, 1, 1)}))
	if got := w.server.Info("connected_clients"); got != "4" {
		t.Errorf("%s connections, want 4: two more", got)
	}
	w.must(r.Close())
	w.await("the reader's connection is closed", func() bool { return w.server.Info("connected_clients") == "3" })
	r = w.follow("billing", 1, 0, 1)
	w.wantNothing(r) // leaves a command waiting
	w.must(w.broker.Close())
	w.await("all connections are closed", func() bool { return w.server.Info("connected_clients") == "2" })
}

func TestCloseEndsAReadThatWaits(t *testing.T) {
	w := newWorld(t, redis.BrokerConfig{})
	r := w.follow("billing", 0, 0)
	w.wantNothing(r) // leaves a command waiting
	ended := make(chan error, 1)
	go func() {
		_, err := r.Read(w.ctx, 100, time.Hour)
		ended <- err
	}()
	w.must(w.broker.Close())
	if err := <-ended; !errors.Is(err, driver.ErrClosed) {
		t.Errorf("a read that waits ends with %v", err)
	}
}
