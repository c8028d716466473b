package faulttest

import (
	"testing"
	"time"

	"github.com/headrace/headrace/drivers/testserver"
)

// slack is what a loaded machine may add to a time.
const slack = time.Second

// TestOwnersAreReplacedInTime measures, with the default lease of 5 seconds, how long partitions are without an owner after theirs was killed,
// and after it was asked to stop.
func TestOwnersAreReplacedInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testserver.Postgres(t))
	w.settings.Lease = 5 * time.Second
	w.start("source")
	killed, stopped := w.start("sink"), w.start("sink")
	w.start("sink")
	w.awaitThat("three members have all partitions", func() bool { return w.owners() == 3 && w.owned() == moves.Partitions })

	killed.kill()
	if took := w.timeUntil("all partitions have an owner that lives", func() bool { return w.owners() == 2 && w.owned() == moves.Partitions }); took > 6*time.Second+slack {
		t.Errorf("an owner that died was replaced after %v, want 6s at most", took)
	}
	stopped.stop()
	if took := w.timeUntil("all partitions have the last owner", func() bool { return w.owned() == moves.Partitions }); took > time.Second+slack {
		t.Errorf("what a leaving member gave back was taken after %v, want less than 1s", took)
	}
	w.settle(0)
}

// owned is how many partitions of moves have an owner now, and owners how many members own one.
func (w *world) owned() int {
	return w.number(`SELECT count(*) FROM sink.headrace_lease WHERE group_name = 'sink' AND owner <> ''
		AND expires > extract(epoch FROM clock_timestamp()) * 1000000`)
}

func (w *world) owners() int {
	return w.number(`SELECT count(DISTINCT owner) FROM sink.headrace_lease WHERE group_name = 'sink' AND owner <> ''
		AND expires > extract(epoch FROM clock_timestamp()) * 1000000`)
}

func (w *world) timeUntil(what string, so func() bool) time.Duration {
	w.Helper()
	begun := time.Now()
	w.awaitThat(what, so)
	took := time.Since(begun)
	w.Logf("%s: %v", what, took.Round(time.Millisecond))
	return took
}
