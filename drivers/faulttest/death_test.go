package faulttest

import (
	"syscall"
	"time"
)

// deaths are kill -9 of every role at every named point.
func deaths() []row {
	var rows []row
	for _, c := range []struct{ service, point string }{
		{"source", beforeCommit},
		{"source", afterCommit},
		{"source", afterNumber},
		{"sink", beforeCommit},
		{"sink", afterCommit},
		{"", afterAppend},
		{"", beforeAck},
	} {
		role := c.service
		if role == "" {
			role = map[string]string{afterAppend: "relay", beforeAck: "sink"}[c.point]
		}
		rows = append(rows, row{"kill -9 of the " + role + " " + c.point, func(w *world) { dieAt(w, c.service, c.point) }})
	}
	return append(rows, row{"kill -9 of everybody in turn", dieInTurn})
}

// dieAt has nodes that kill themselves at a point, one after the other, and others that take their place.
func dieAt(w *world, service, point string) {
	sources, sinks := w.pair()
	all := append(sources, sinks...)
	for n := range rounds(3) {
		armed := trap{Service: service, Point: point, After: n}
		for _, p := range all {
			p.order(order{Point: &armed})
		}
		var dead *process
		w.awaitThat("a node has died "+point, func() bool {
			for i, p := range all {
				if !p.lives() {
					dead, all[i] = p, w.start(p.settings.Services...)
					return true
				}
			}
			return false
		})
		if !dead.killed() {
			w.Errorf("%s did not die of its trap:\n%s", dead.name, dead.log.end())
		}
		none := trap{}
		for _, p := range all {
			if p.lives() {
				p.order(order{Point: &none})
			}
		}
		for i, p := range all {
			if !p.lives() { // it came to its point, too
				all[i] = w.start(p.settings.Services...)
			}
		}
		w.check()
		w.flows(10)
	}
	w.settle(0)
	if service == "sink" || point == beforeAck {
		w.bit("lease_dirty")
	}
}

// dieInTurn kills each node from outside, at whatever it is doing.
func dieInTurn(w *world) {
	sources, sinks := w.pair()
	for range rounds(1) {
		for _, all := range [][]*process{sources, sinks} {
			for i, p := range all {
				p.signal(syscall.SIGKILL)
				<-p.ended
				w.check()
				all[i] = w.start(p.settings.Services...)
				w.flows(10)
			}
		}
	}
	w.settle(0)
	w.bit("lease_dirty")
}

// pauses are SIGSTOP for three lease times.
func pauses() []row {
	return []row{
		{"SIGSTOP of a sink inside its transaction", func(w *world) { stopAt(w, "sink", beforeCommit) }},
		{"SIGSTOP of the relay between its commit and XADD", func(w *world) { stopAt(w, "source", afterNumber) }},
		{"SIGSTOP of a source inside its transaction", func(w *world) { stopAt(w, "source", beforeCommit) }},
		{"SIGSTOP of everybody in turn", stopInTurn},
	}
}

// stopAt lets a node stop itself at a point, for three lease times, while another takes its work.
func stopAt(w *world, service, point string) {
	sources, sinks := w.pair()
	all := append(sources, sinks...)
	for range rounds(1) {
		armed, none := trap{Service: service, Point: point, Stop: true}, trap{}
		var stopped *process
		for _, p := range all {
			p.order(order{Point: &armed})
		}
		w.awaitThat("a node stands still "+point, func() bool {
			for _, p := range all {
				if p.stopped() {
					stopped = p
				}
			}
			return stopped != nil
		})
		for _, p := range all {
			if p != stopped {
				p.order(order{Point: &none})
			}
		}
		w.standstill(stopped)
		w.resume(all)
		w.flows(10)
		w.check()
	}
	w.settle(0)
	if service == "sink" || point == afterNumber {
		w.bit("fenced", "lease_dirty")
	}
}

// standstill waits for three lease times, in which others go on. If one more node came to the point before it was told not to, it is let go.
func (w *world) standstill(stopped *process) {
	begun := time.Now()
	for _, p := range w.started {
		if p != stopped && p.lives() {
			p.signal(syscall.SIGCONT)
		}
	}
	w.flows(5)
	for time.Since(begun) < 3*lease {
		<-time.After(lease / 10)
		w.check()
	}
}

func (w *world) resume(all []*process) {
	for _, p := range all {
		p.signal(syscall.SIGCONT)
	}
}

// stopInTurn stops each node from outside.
func stopInTurn(w *world) {
	sources, sinks := w.pair()
	for range rounds(1) {
		for _, p := range append(sources, sinks...) {
			p.signal(syscall.SIGSTOP)
			w.standstill(p)
			p.signal(syscall.SIGCONT)
		}
	}
	w.settle(0)
	w.bit("lease_dirty")
}
