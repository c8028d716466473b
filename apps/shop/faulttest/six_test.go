package faulttest

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/headrace/headrace/drivers/testserver"
)

// parts is a shop in six processes: two front doors that only ask, and every service in two of the others or more.
func parts() []string {
	return []string{
		"gateway",
		"gateway,archive",
		"identity,orders,notifications,archive",
		"orders,payments,shipping",
		"identity,inventory,shipping,notifications",
		"payments,inventory",
	}
}

// TestSixProcesses kills the processes of a shop, and its Redis, while it sells. Whatever dies, the books are right at every moment, and in the
// end every order that a buyer was promised is there, once, and has ended.
func TestSixProcesses(t *testing.T) {
	t.Parallel()
	p, directory := build(t), t.TempDir()
	redis, postgres := testserver.Redis(t), testserver.Postgres(t)
	servers := []string{"-redis", redis.URL(), "-postgres", postgres.URL()}
	addrs, shops := make([]string, len(parts())), make([]*shop, len(parts()))
	open := func(n int) {
		shops[n] = p.open(t, addrs[n], directory, append([]string{"-service", parts()[n]}, servers...)...)
	}
	for n := len(parts()) - 1; n >= 0; n-- { // the doors last: they open when there are prices
		addrs[n] = freeAddress(t)
		open(n)
	}
	load := p.load(t, addrs[0], "-rps", "10", "-for", "1h", "-users", "4")
	pgOnly := servers[2:]
	interrupted := 0
	for n := range sixKills() {
		pause(t, time.Duration(300+rand.IntN(700))*time.Millisecond)
		if n%5 == 4 {
			redis.Kill()
			redis.Restart() // with nothing
		} else {
			victim := 1 + n%(len(parts())-1) // every process but the one that the load asks; that is killed at the end
			if _, by := shops[victim].signal(syscall.SIGKILL); by != syscall.SIGKILL {
				t.Fatalf("kill %d did not hit a running process: %v\n%s", n, by, shops[victim].errs)
			}
			open(victim)
		}
		v := p.verify(t, directory, pgOnly...)
		if !v.sound {
			t.Fatalf("after kill %d:\n%s", n, v.report)
		}
		if v.ended < v.orders {
			interrupted++
		}
	}
	shops[0].signal(syscall.SIGKILL)
	open(0)
	placed, not := load.stop(t)
	v := awaitQuiet(t, p, directory, pgOnly...)
	t.Logf("%d kills, %d of them while orders were under way; %d orders in all", sixKills(), interrupted, v.orders)
	if interrupted < sixKills()/3 || v.orders < sixKills() {
		t.Errorf("only %d of %d kills came while orders were under way, and only %d were placed", interrupted, sixKills(), v.orders)
	}
	if not > 0 || placed != v.orders {
		t.Errorf("%d orders were placed and %d were not: the shop has %d\n%s", placed, not, v.orders, load.out.String())
	}
	for n, s := range shops {
		if exit, by := s.signal(syscall.SIGTERM); exit != 0 {
			t.Errorf("asked to stop, %s exits with %d (%v)\n%s", parts()[n], exit, by, s.errs)
		}
	}
	if v := p.verify(t, directory, pgOnly...); !v.sound || !v.quiet {
		t.Errorf("after the stop:\n%s", v.report)
	}
}

// sixKills is how often something is killed: more often in a soak.
func sixKills() int {
	if os.Getenv("HEADRACE_SOAK") != "" {
		return 100
	}
	return 15
}
