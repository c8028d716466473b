package faulttest

import (
	"slices"
	"testing"

	"github.com/headrace/headrace/drivers/testserver"
)

// row is a fault, and how it is done to a world under load.
type row struct {
	name string
	run  func(w *world)
}

// TestFaults has a world for each row, all with databases on one server.
func TestFaults(t *testing.T) {
	server := testserver.Postgres(t, "deadlock_timeout = 50ms", "autovacuum = off")
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.run(newWorld(t, server))
		})
	}
}

func rows() []row {
	return slices.Concat(deaths(), pauses(), losses(), restarts(), manyServers(), networks(), databases(), handlers(), operations())
}

// pair starts the usual nodes: two of each service, each in a process of its own.
func (w *world) pair() (sources, sinks []*process) {
	w.Helper()
	for range 2 {
		sources = append(sources, w.start("source"))
		sinks = append(sinks, w.start("sink"))
	}
	w.flows(20)
	return sources, sinks
}
