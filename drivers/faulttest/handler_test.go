package faulttest

import (
	"fmt"
	"strings"

	"github.com/headrace/headrace"
)

// handlers are what handlers do, and what may come on a stream.
func handlers() []row {
	return []row{
		{"a poisoned key", poisoned},
		{"a handler that ends its process", exits},
		{"a handler slower than its lease", slower},
		{"a dependency that is down", down},
		{"a hot key", hot},
		{"foreign bytes", foreignBytes},
		{"foreign bytes in the place of events", foreignPlaces},
		{"a newer version", newerVersion},
	}
}

func (w *world) tell(nodes []*process, h handling) {
	for _, p := range nodes {
		p.order(order{Handler: &h})
	}
}

// parkedOf is how many events of a key are parked.
func (w *world) parkedOf(key string) int {
	return w.number(fmt.Sprintf(`SELECT count(*) FROM sink.headrace_parked WHERE key = '%s'`, key))
}

// poisoned has a key whose events fail for good. The others go on meanwhile; a redrive heals it.
func poisoned(w *world) {
	w.settings.Handler = handling{Poison: "key-3"}
	_, sinks := w.pair()
	w.awaitThat("events of the key are dead and wait", func() bool { return w.parkedOf("key-3") > 3 })
	w.flows(50)
	w.check()
	if n := w.number(`SELECT count(*) FROM sink.headrace_parked WHERE key <> 'key-3'`); n != 0 {
		w.Errorf("%d events of other keys are parked", n)
	}
	if n := w.number(`SELECT count(*) FROM sink.headrace_parked WHERE state = 'dead'`); n != 1 {
		w.Errorf("%d events are dead, want the first of the key", n)
	}
	w.tell(sinks, handling{})
	sinks[0].order(order{Redrive: true})
	w.settle(0)
	w.bit("died", "released")
}

// exits has a key whose events end the process, wherever they are tried.
func exits(w *world) {
	w.settings.Handler = handling{Exit: "key-3"}
	w.start("source")
	sink := w.startWith(w.settings, "sink")
	deaths := 0
	w.awaitThat("the event is dead", func() bool {
		if !sink.lives() {
			deaths++
			sink = startProcess(w.T, fmt.Sprint("sink after death ", deaths), sink.settings)
			w.started = append(w.started, sink)
		}
		return w.number(`SELECT count(*) FROM sink.headrace_parked WHERE state = 'dead' AND reason = 'crashed'`) > 0
	})
	if deaths < 3 || deaths > 8 {
		w.Errorf("the event was set aside after %d deaths, want three while it was tried alone and few before", deaths)
	}
	w.tell([]*process{sink}, handling{})
	w.flows(20)
	w.check()
	sink.order(order{Redrive: true})
	w.settle(0)
	w.bit("died", "lease_dirty")
}

// slower has events that take three times as long as a lease. It is renewed meanwhile, so nobody else tries them.
func slower(w *world) {
	w.settings.Rate, w.settings.Keys = 4, 40
	w.settings.Handler = handling{Slow: 3 * lease, SlowAt: "key-3"}
	_, sinks := w.pair()
	w.awaitThat("a slow event was applied", func() bool { return w.number(`SELECT count(*) FROM sink.applied WHERE key = 'key-3'`) > 0 })
	w.check()
	if n := w.count(headrace.Fenced); n > 0 {
		w.Errorf("%d times work was thrown away: leases were lost while their handlers ran", n)
	}
	w.tell(sinks, handling{})
	w.settle(0)
}

// down has something that the handler depends on away for a while: nothing gets parked for it.
func down(w *world) {
	_, sinks := w.pair()
	w.tell(sinks, handling{Down: true})
	w.until(headrace.Paused, 10, func() {})
	if n := w.number(`SELECT count(*) FROM sink.headrace_parked`); n != 0 {
		w.Errorf("%d events are parked", n)
	}
	w.tell(sinks, handling{})
	w.settle(0)
}

// hot has nine of ten events of one key.
func hot(w *world) {
	w.settings.Hot, w.settings.Rate = 90, 150
	w.pair()
	w.flows(200)
	w.check()
	w.settle(0)
	if n, all := w.number(`SELECT n FROM source.counter WHERE key = 'key-0'`), w.number(`SELECT sum(n)::BIGINT FROM source.counter`); n < all*3/4 {
		w.Errorf("the hot key has %d of %d events", n, all)
	}
}

// foreignBytes has others write to the streams, under ids that are lower and higher than those of events.
func foreignBytes(w *world) {
	w.pair()
	for range rounds(3) {
		w.eachStream("XADD %s * garbage in")
		w.eachStream("XADD %s * m {} d {}")
		w.flows(20)
		w.check()
	}
	w.settle(0)
	w.tailsAgree()
	if n := w.number(`SELECT count(*) FROM sink.headrace_foreign_entry`); n == 0 {
		w.Error("nothing foreign was found")
	}
}

// foreignPlaces has others write to the streams under the numbers that the next events are going to have.
func foreignPlaces(w *world) {
	w.pair()
	for range rounds(2) {
		taken := 0
		w.awaitThat("places of events were taken", func() bool {
			for n := range moves.Partitions {
				head := w.number(fmt.Sprintf(`SELECT seq FROM source.headrace_head WHERE topic = 'moves' AND partition = %d`, n))
				for ahead := 1; ahead <= 3; ahead++ { // one that is below the top by now is refused
					if reply := w.redis.Do(fmt.Sprintf("XADD %s 1-%d garbage in", key(n), head+ahead)); !strings.HasPrefix(reply, "-") {
						taken++
					}
				}
			}
			return taken > 10
		})
		w.until(headrace.ForeignFound, 1, func() {})
		w.flows(20)
		w.check()
	}
	w.settle(0)
	w.tailsAgree()
	w.bit("history_read")
}

// newerVersion has a source of a newer release, for some keys. What the sink cannot read is dead and holds its key; the others go on.
func newerVersion(w *world) {
	w.pair()
	dsn := w.settings
	dsn.Rate, dsn.Keys, dsn.Later = 20, 2, true
	later := w.startWith(dsn, "source")
	w.awaitThat("newer events are parked", func() bool { return w.number(`SELECT count(*) FROM sink.headrace_parked`) > 4 })
	w.flows(20)
	later.stop()
	w.quiet()
	w.awaitThat("all of them are", func() bool {
		return w.number(`SELECT count(*) FROM sink.headrace_parked`) == w.number(`SELECT sum(n)::BIGINT FROM source.counter WHERE key LIKE 'later-%'`)
	})
	w.settle(w.number(`SELECT sum(n)::BIGINT FROM source.counter WHERE key LIKE 'later-%'`))
	if n := w.number(`SELECT count(*) FROM sink.headrace_parked WHERE state = 'dead' AND reason = 'unknown version'`); n < 1 {
		w.Error("no event is dead for its version")
	}
	w.bit("died")
}
