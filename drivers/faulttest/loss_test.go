package faulttest

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/headrace/headrace"
)

// losses are what may happen to streams: promise 6.
func losses() []row {
	return []row{
		{"FLUSHALL", func(w *world) {
			w.harm(headrace.Reappended, 1, func() { w.redis.Do("FLUSHALL") })
			w.tailsAgree()
		}},
		{"XTRIM MAXLEN 0", func(w *world) {
			w.harm(headrace.HistoryRead, 3, func() { w.eachStream("XTRIM %s MAXLEN 0") })
		}},
		{"XDEL", func(w *world) {
			w.harm(headrace.HistoryRead, 3, func() { w.eachStream("XDEL %s " + w.newest()) })
		}},
		{"the newest events are lost, and none follows", lastLost},
		{"XGROUP DESTROY", func(w *world) {
			w.harm("", 5, func() { w.mustHaveBeen("XGROUP DESTROY %s sink", ":1") })
		}},
		{"XGROUP DELCONSUMER", func(w *world) {
			w.harm("", 5, func() { w.consumersGo() })
		}},
		{"XGROUP SETID back to the beginning", func(w *world) {
			w.harm(headrace.Duplicate, 10, func() { w.eachStream("XGROUP SETID %s sink 0") })
		}},
		{"XGROUP SETID on to the end", func(w *world) {
			w.harm(headrace.HistoryRead, 1, func() { w.eachStream("XGROUP SETID %s sink $") })
		}},
	}
}

// lastLost loses the newest events while nobody reads, and none follows them: the streams' ends do not tell of it, because Redis knows the last
// id all the same.
func lastLost(w *world) {
	_, sinks := w.pair()
	for range rounds(2) {
		w.load(w.settings.Rate)
		w.flows(10)
		for _, p := range sinks {
			p.signal(syscall.SIGSTOP)
		}
		before := w.number(`SELECT count(*) FROM source.headrace_journal`)
		w.awaitThat("there are events that nobody has read", func() bool { return w.number(`SELECT count(*) FROM source.headrace_journal`) > before+20 })
		w.quiet()
		w.awaitThat("they are on the streams", func() bool { return w.number(`SELECT count(*) FROM source.headrace_outbox`) == 0 })
		w.eachStream("XTRIM %s MAXLEN 0")
		for _, p := range sinks {
			p.signal(syscall.SIGCONT)
		}
		w.until(headrace.HistoryRead, 1, func() {})
		w.settle(0)
	}
}

// harm does something to the streams while the nodes work, several times, each time until it was noticed; a fault that no signal tells of is
// counted by what the server answers.
func (w *world) harm(noticed headrace.SignalKind, times int, do func()) {
	w.Helper()
	w.pair()
	for range rounds(2) {
		if noticed != "" {
			w.until(noticed, times, do)
		} else {
			for range times {
				do()
				w.flows(5)
			}
		}
		w.check()
		w.flows(10)
	}
	w.settle(0)
}

func key(partition int) string { return fmt.Sprintf("headrace:{0}:moves:%d", partition) }

// eachStream sends a command about each stream of moves and returns the replies. One that the server refuses has done nothing, and fails the
// row.
func (w *world) eachStream(command string) (replies []string) {
	w.Helper()
	for n := range moves.Partitions {
		reply := w.redis.Do(fmt.Sprintf(command, key(n)))
		if strings.HasPrefix(reply, "-") && !strings.Contains(reply, "NOGROUP") && !strings.Contains(reply, "requires the key to exist") {
			w.Fatalf(command+": %s", key(n), reply)
		}
		replies = append(replies, reply)
	}
	return replies
}

// mustHaveBeen sends a command about each stream until the server has said of one that it did something.
func (w *world) mustHaveBeen(command, done string) {
	w.Helper()
	w.awaitThat("the server has done "+command, func() bool { return slices.Contains(w.eachStream(command), done) })
}

// consumersGo deletes the consumer of each stream, at a moment when there was one.
func (w *world) consumersGo() {
	w.Helper()
	w.awaitThat("a consumer was deleted", func() bool {
		were := w.eachStream("XINFO CONSUMERS %s sink")
		w.eachStream("XGROUP DELCONSUMER %s sink owner")
		return slices.Contains(were, "*1")
	})
}

// tailsAgree waits until every stream ends where its journal does, so that it takes what comes next.
func (w *world) tailsAgree() {
	w.Helper()
	w.awaitThat("streams end where journals do", func() bool {
		for n := range moves.Partitions {
			head := w.number(fmt.Sprintf(`SELECT seq FROM source.headrace_head WHERE topic = 'moves' AND partition = %d`, n))
			top := w.redis.Do(`EVAL "return redis.call('XINFO', 'STREAM', KEYS[1])[8]" 1 ` + key(n)) // last-generated-id
			if head > 0 && top != fmt.Sprint("1-", head) {
				return false
			}
		}
		return true
	})
}

// newest are the next positions of some partitions, as arguments of XDEL: whichever of them is there is deleted.
func (w *world) newest() string {
	w.Helper()
	rows, err := w.query(`SELECT seq FROM source.headrace_head WHERE topic = 'moves'`)
	if err != nil {
		w.Fatal(err)
	}
	var ids []string
	for _, seq := range rows {
		n := 0
		_, _ = fmt.Sscan(seq, &n) // it is a number
		for ahead := range 3 {
			ids = append(ids, fmt.Sprint("1-", n+ahead))
		}
	}
	return strings.Join(ids, " ")
}

// restarts are Redis servers that die and come back with what they had on disk.
func restarts() []row {
	var rows []row
	for name, settings := range map[string][]string{
		"and keeps nothing":         nil,
		"with appendfsync everysec": {"appendonly yes", "appendfsync everysec"},
		"with appendfsync always":   {"appendonly yes", "appendfsync always"},
	} {
		rows = append(rows, row{"Redis is killed " + name, func(w *world) {
			w.own(settings...)
			w.pair()
			for range rounds(2) {
				w.until(headrace.AppendFailed, 1, w.redis.Kill)
				w.check()
				w.redis.Restart()
				w.flows(10)
			}
			w.settle(0)
			if len(settings) == 0 {
				w.bit("reappended history_read")
			}
		}})
	}
	return append(
		rows,
		row{"Redis stands still for three lease times", func(w *world) {
			w.pair()
			w.redis.Stop()
			begun := time.Now()
			for time.Since(begun) < 3*lease {
				<-time.After(lease / 10)
			}
			w.until(headrace.AppendFailed, 1, func() {})
			w.redis.Continue()
			w.flows(10)
			w.settle(0)
		}},
		row{"Redis is full", full},
	)
}

// full has a server that refuses to be given more, until it gets more memory.
func full(w *world) {
	w.pair()
	w.redis.Do("CONFIG SET maxmemory 1")
	w.until(headrace.AppendFailed, 1, func() {})
	w.flows(20) // from history
	w.check()
	w.redis.Do("CONFIG SET maxmemory 0")
	w.until(headrace.Reappended, 1, func() {})
	w.settle(0)
	w.bit("history_read")
}
