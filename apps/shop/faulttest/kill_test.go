package faulttest

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

const (
	kills   = 100
	rate    = "25" // orders per second
	drainIn = 30 * time.Second
)

// TestKilledAHundredTimes kills a shop under load at moments left to chance. After every kill nothing may be lost or made up, and in the
// end every order that a buyer was promised is there, once, and has ended.
func TestKilledAHundredTimes(t *testing.T) {
	t.Parallel()
	p, addr, directory := build(t), freeAddress(t), t.TempDir()
	s := p.open(t, addr, directory)
	load := p.load(t, addr, "-rps", rate, "-for", "1h", "-users", "4")
	busy, interrupted, before := 0, 0, 0
	for n := range kills {
		pause(t, time.Duration(100+rand.IntN(600))*time.Millisecond)
		if _, by := s.signal(syscall.SIGKILL); by != syscall.SIGKILL {
			t.Fatalf("kill %d did not hit a running shop: %v\n%s", n, by, s.errs)
		}
		v := p.verify(t, directory)
		if !v.sound {
			t.Fatalf("after kill %d:\n%s", n, v.report)
		}
		if v.orders > before {
			busy++
		}
		if v.ended < v.orders {
			interrupted++
		}
		before = v.orders
		s = p.open(t, addr, directory)
	}
	placed, not := load.stop(t)
	v := awaitQuiet(t, p, directory)
	t.Logf("%d kills: orders placed before %d of them, under way at %d of them; %d orders in all", kills, busy, interrupted, v.orders)
	if busy < kills*3/4 || interrupted < kills/4 {
		t.Errorf("orders were placed before %d of %d kills, and under way at %d", busy, kills, interrupted)
	}
	if not > 0 || placed != v.orders {
		t.Errorf("%d orders were placed and %d were not: the shop has %d\n%s", placed, not, v.orders, load.out.String())
	}
	if exit, by := s.signal(syscall.SIGTERM); exit != 0 {
		t.Errorf("asked to stop, the shop exits with %d (%v)\n%s", exit, by, s.errs)
	}
	if v := p.verify(t, directory); !v.sound || !v.quiet {
		t.Errorf("after the stop:\n%s", v.report)
	}
}

// awaitQuiet returns when every order has ended and every event was heard by all.
func awaitQuiet(t *testing.T, p program, directory string, flags ...string) verdict {
	t.Helper()
	begin := time.Now()
	for {
		v := p.verify(t, directory, flags...)
		switch {
		case !v.sound:
			t.Fatalf("while it drains:\n%s", v.report)
		case v.quiet && v.ended == v.orders:
			t.Logf("drained in %v", time.Since(begin))
			return v
		case time.Since(begin) > drainIn:
			t.Fatalf("not drained in %v:\n%s", drainIn, v.report)
		}
		pause(t, 100*time.Millisecond)
	}
}
