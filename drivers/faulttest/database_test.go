package faulttest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/testserver"
)

// databases are what may happen to PostgreSQL. Each row has a server of its own.
func databases() []row {
	return []row{
		{"PostgreSQL is stopped immediately", func(w *world) {
			w.ownDatabase(testserver.Postgres(w))
			w.pair()
			for range rounds(2) {
				w.postgres.StopImmediate()
				w.awaitThat("nobody can commit", func() bool { return w.failed() > 0 })
				w.postgres.Restart()
				w.flows(10)
				w.check()
			}
			w.settle(0)
		}},
		{"PostgreSQL's backends are terminated", func(w *world) {
			w.ownDatabase(testserver.Postgres(w))
			w.settings.Handler = handling{Slow: 5 * time.Millisecond} // so that most of them are in the middle of something
			w.pair()
			for range rounds(5) {
				if n := w.postgres.TerminateBackends(); n == "0" {
					w.Error("there was nobody to terminate")
				}
				w.flows(10)
				w.check()
			}
			w.settle(0)
			if n := w.count(headrace.ParkedEvents) + w.count(headrace.Retried); n > 0 {
				w.Errorf("%d times an event was blamed for the end of a connection", n)
			}
		}},
		{"PostgreSQL's disk is full", diskFull},
	}
}

// ownDatabase gives the world a server of its own. No node runs yet.
func (w *world) ownDatabase(server *testserver.PostgresServer) {
	w.Helper()
	w.postgres = server
	server.Do("CREATE DATABASE " + w.database)
	w.settings.Postgres = w.databaseURL(server.URL())
}

// failed is how many transactions of the source failed, in all nodes.
func (w *world) failed() int {
	n := 0
	for _, p := range w.started {
		n += p.report().Failed
	}
	return n
}

// diskFull has the server's files on a small disk of their own, fills it, and makes room again.
func diskFull(w *world) {
	disk := testserver.SmallDisk(w, 160)
	w.ownDatabase(testserver.PostgresIn(w, disk, "max_wal_size = 32MB", "min_wal_size = 32MB", "wal_recycle = off"))
	w.pair()
	ballast := filepath.Join(disk, "ballast")
	fill(w.T, ballast)
	w.awaitThat("nothing can be committed", func() bool { return w.failed() > 10 })
	if err := os.Remove(ballast); err != nil {
		w.Fatal(err)
	}
	if w.number("SELECT 1") != 1 { // without room for its log it has ended
		w.postgres.Restart()
	}
	w.flows(10)
	w.settle(0)
}

// fill takes all the room there is.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it is full
	block := make([]byte, 1<<16)
	for begun := time.Now(); ; {
		if _, err := file.Write(block); err != nil {
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatal("the disk does not get full")
		}
	}
}
