package faulttest

import (
	"syscall"
	"time"

	"github.com/headrace/headrace"
)

// operations are what people do to a system on purpose.
func operations() []row {
	return []row{
		{"rolling restarts", rolling},
		{"members come and go", scaling},
		{"ten times the load", overload},
	}
}

// rolling asks every node to stop, one after the other, and starts another. Nothing is thrown away, and nothing stands still for long.
func rolling(w *world) {
	w.settings.Lease = 5 * lease // on a busy machine a member may stand still for one
	sources, sinks := w.pair()
	all := append(sources, sinks...)
	for range rounds(1) {
		for i, p := range all {
			next := w.start(p.settings.Services...)
			p.stop()
			all[i] = next
			w.flows(5)
		}
	}
	w.settle(0)
	if n := w.count(headrace.LeaseDirty); n > 0 {
		w.Errorf("%d leases were not given back by those who were asked to stop", n)
	}
	w.bit("lease_taken")
	gap := w.number(`SELECT coalesce(max(extract(epoch FROM at - before) * 1000), 0)::BIGINT FROM
		(SELECT at, lag(at) OVER (ORDER BY id) AS before FROM sink.applied) AS a`)
	w.Logf("the longest time in which nothing was applied is %d ms", gap)
	if gap > 2000 {
		w.Errorf("nothing was applied for %d ms, want at most 2000", gap)
	}
}

// scaling goes from one member to eight and back to three, by SIGTERM and by SIGKILL.
func scaling(w *world) {
	w.start("source")
	members := []*process{w.start("sink")}
	w.flows(20)
	for len(members) < 8 {
		members = append(members, w.start("sink"))
	}
	w.awaitThat("each member has a partition", func() bool { return w.owners() == 8 })
	w.flows(20)
	w.check()
	for i, p := range members[3:] {
		if i%2 == 0 {
			p.stop()
		} else {
			p.signal(syscall.SIGKILL)
		}
	}
	w.awaitThat("three members have all partitions", func() bool { return w.owners() == 3 && w.owned() == moves.Partitions })
	w.flows(20)
	w.settle(0)
	w.bit("lease_dirty")
}

// How many events pile up in each round of an overload, and how much more than usual a sink may need for them, in bytes, with all copies and
// garbage. Only in a soak is what piles up so large that a sink that read all of it at once would need more.
const (
	pileEvents  = 400
	memoryBound = 128 << 20
)

// pileSize is how large each of these events is.
func pileSize() int {
	if soak() {
		return 32 << 10
	}
	return 8 << 10
}

// overload has far more than the sink can apply, and looks at what the sink needs for it: while it falls behind, and when it gets through.
func overload(w *world) {
	w.settings.Handler = handling{Slow: 200 * time.Millisecond}
	w.settings.Pad = pileSize()
	w.settings.Lease = 5 * lease // this is not about leases that get lost
	w.settings.Bound = 200       // far less than what piles up
	sources, sinks := w.pair()
	usual := map[*process]int{}
	for _, p := range sinks {
		usual[p] = p.peak()
	}
	defer func() {
		for _, p := range sinks {
			peak := p.peak()
			w.Logf("%s needed %d MiB, %d before the events piled up", p.name, peak>>20, usual[p]>>20)
			if more := peak - usual[p]; more > memoryBound {
				w.Errorf("%s needed %d MiB more, want at most %d", p.name, more>>20, memoryBound>>20)
			}
		}
	}()
	flood := 200
	for _, p := range sources {
		p.order(order{Rate: &flood})
	}
	for n := range rounds(1) {
		w.awaitThat("the sink is far behind", func() bool {
			return w.number(debts["events of the source that the sink has not applied or parked"]) > (n+1)*pileEvents
		})
		w.check()
	}
	w.quiet()
	w.tell(sinks, handling{})
	w.patience *= time.Duration(rounds(1)) // the pile is no fault, and as large as it was made
	w.settle(0)
	w.bit("history_read")
}
