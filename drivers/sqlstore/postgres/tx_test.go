package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func openFor(t testing.TB, server *servers, c Config) driver.Store {
	t.Helper()
	c.Schema, c.Tables = server.schema(), valueTables
	c.URL = server.addressOf(c.Schema)
	store, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// backendOf is the server's process that a transaction runs in.
func backendOf(t testing.TB, tx driver.Tx) (pid int) {
	t.Helper()
	must(t, tx.(driver.SQLTx).SQL().QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid))
	return pid
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *servers{"directly": startServer, "through PgBouncer": startPooled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transactions(t, start(t))
		})
	}
}

func transactions(t *testing.T, server *servers) {
	for name, test := range map[string]func(*testing.T, *servers){
		"a lock that is not to be had is a conflict": lockTimeout,
		"an idle transaction frees its locks":        idleTimeout,
		"a key's commits are in the order of ids":    keyOrder,
		"a connection lost in COMMIT says unknown":   lostBeforeCommit,
		"pgx is reached":                          pgxConn,
		"a handler's own conflict is run again":   ownConflict,
		"a connection that was ended is no error": endedBefore,
		"a heartbeat waits for a commit":          heartbeatWaits,
		"a heartbeat does not wait for ever":      heartbeatGivesUp,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, server)
		})
	}
}

const upsert = `INSERT INTO value (key, value) VALUES ($1, '') ON CONFLICT (key) DO UPDATE SET value = excluded.value`

func lockTimeout(t *testing.T, server *servers) {
	store := openFor(t, server, Config{LockTimeout: 50 * time.Millisecond})
	holder, waiter := begin(t, store), begin(t, store)
	must(t, exec(t, holder, upsert, "k"))
	err := exec(t, waiter, upsert, "k")
	if !store.(driver.ConflictChecker).Conflict(err) {
		t.Errorf("waiting for a lock: %v; want a conflict", err)
	}
}

// idleTimeout has a transaction that nobody goes on with, as that of a process that is stopped, and another that wants its row.
func idleTimeout(t *testing.T, server *servers) {
	store := openFor(t, server, Config{IdleTimeout: 2 * time.Second})
	stopped := begin(t, store)
	must(t, exec(t, stopped, upsert, "k"))
	next := begin(t, store)
	must(t, exec(t, next, upsert, "k"))
	must(t, next.Commit(t.Context()))
	if err := stopped.Commit(t.Context()); err == nil {
		t.Error("a transaction was committed after its time")
	}
}

func messages(key, data string) []driver.Message {
	return []driver.Message{{Partition: driver.Partition{Topic: "orders"}, Key: key, Data: []byte(data)}}
}

// keyOrder publishes in two transactions that have no row in common. Nobody but the second, if it waits, is still there to commit last.
func keyOrder(t *testing.T, server *servers) {
	store := openFor(t, server, Config{LockTimeout: 100 * time.Millisecond})
	first, second, other := begin(t, store), begin(t, store), begin(t, store)
	must(t, first.Publish(t.Context(), messages("k", "first")))
	must(t, other.Publish(t.Context(), messages("another", "other")))
	must(t, other.Commit(t.Context()))
	if err := second.Publish(t.Context(), messages("k", "second")); !errors.Is(err, driver.ErrConflict) {
		t.Errorf("publishing beside a transaction that published the same key: %v; want that it waits", err)
	}
	must(t, first.Commit(t.Context()))
	third := begin(t, store)
	must(t, third.Publish(t.Context(), messages("k", "third")))
	must(t, third.Commit(t.Context()))
}

func lostBeforeCommit(t *testing.T, server *servers) {
	store := openFor(t, server, Config{})
	tx := begin(t, store)
	must(t, exec(t, tx, upsert, "k"))
	server.Do(fmt.Sprintf(`SELECT pg_terminate_backend(%d, 10000)`, backendOf(t, tx)))
	if err := tx.Commit(t.Context()); !errors.Is(err, driver.ErrUnknownOutcome) {
		t.Errorf("commit on a connection that the server ended: %v; want that the outcome is unknown", err)
	}
	must(t, begin(t, store).Commit(t.Context()))
}

type holder struct{ tx driver.Tx }

func (h holder) Driver() driver.Tx { return h.tx }

func pgxConn(t *testing.T, server *servers) {
	tx := begin(t, openFor(t, server, Config{}))
	must(t, exec(t, tx, upsert, "k"))
	conn, err := Conn(holder{tx})
	must(t, err)
	var n int
	must(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM value`).Scan(&n))
	if n != 1 {
		t.Errorf("pgx sees %d rows, want the one of the transaction", n)
	}
}

// ownConflict has a function whose statement meets a conflict and which returns the database's error as it is.
func ownConflict(t *testing.T, server *servers) {
	store := openFor(t, server, Config{LockTimeout: 20 * time.Millisecond})
	service := headrace.NewService(headrace.ServiceConfig{Name: "orders", Store: store})
	holder := begin(t, store)
	must(t, exec(t, holder, upsert, "k"))
	runs := 0
	must(t, service.In(t.Context(), func(_ context.Context, tx *headrace.Tx) error {
		if runs++; runs == 2 {
			must(t, holder.Rollback(t.Context()))
		}
		return exec(t, tx.Driver(), upsert, "k")
	}))
	if runs != 2 {
		t.Errorf("it was run %d times, want 2", runs)
	}
}

// endedBefore has the server end connections that nobody uses at the moment.
func endedBefore(t *testing.T, server *servers) {
	store := openFor(t, server, Config{})
	service := headrace.NewService(headrace.ServiceConfig{Name: "orders", Store: store})
	put := func(_ context.Context, tx *headrace.Tx) error { return exec(t, tx.Driver(), upsert, "k") }
	var pid int
	must(t, service.In(t.Context(), func(ctx context.Context, tx *headrace.Tx) error {
		pid = backendOf(t, tx.Driver())
		return put(ctx, tx)
	}))
	if ended := server.Do(fmt.Sprintf(`SELECT pg_terminate_backend(%d, 10000)`, pid)); ended != "t" {
		t.Fatalf("ending a connection: %s", ended)
	}
	must(t, service.In(t.Context(), put))
}

var lease = driver.Partition{Topic: "orders"}

// leased is a store in which a member has a lease, a transaction that has moved its cursor, and a heartbeat that waits for it.
func leased(t *testing.T, server *servers, c Config) (store driver.Store, tx driver.Tx, beat chan error) {
	t.Helper()
	store = openFor(t, server, c)
	must(t, store.EnsureCursors(t.Context(), "g", map[driver.Partition]driver.Position{lease: driver.Start}))
	l, ok, err := store.Acquire(t.Context(), "g", lease, "m", time.Second)
	must(t, err)
	if !ok {
		t.Fatal("the lease is not to be had")
	}
	tx = begin(t, store)
	_, err = tx.Advance(t.Context(), "g", []driver.Advance{{Partition: lease, Fence: l.Fence, From: driver.Start, To: driver.Start.Next()}})
	must(t, err)
	beat = make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	go func() {
		_, err := store.Heartbeat(ctx, "m", time.Hour)
		beat <- err
	}()
	return store, tx, beat
}

func heartbeatWaits(t *testing.T, server *servers) {
	store, tx, beat := leased(t, server, Config{})
	eventually(t, "the heartbeat waits", func() bool {
		return server.Do(`SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%WITH patience%'`) == "t"
	})
	must(t, tx.Commit(t.Context()))
	must(t, <-beat)
	view, err := store.Heartbeat(t.Context(), "another", time.Hour)
	must(t, err)
	if s := view.Slots[0]; s.Owner != "m" || s.Cursor != driver.Start.Next() {
		t.Errorf("the lease is %+v, want it with its owner and where the commit has moved it", s)
	}
	var left int64
	must(t, begin(t, store).(driver.SQLTx).SQL().QueryRowContext(t.Context(),
		`SELECT expires / 1000000 - extract(epoch FROM now())::BIGINT FROM headrace_lease`).Scan(&left))
	if left < 3000 {
		t.Errorf("the lease expires in %d s, want an hour", left)
	}
}

func heartbeatGivesUp(t *testing.T, server *servers) {
	_, _, beat := leased(t, server, Config{LockTimeout: 50 * time.Millisecond})
	if err := <-beat; !errors.Is(err, driver.ErrConflict) {
		t.Errorf("a heartbeat while somebody keeps a lease locked: %v; want a conflict", err)
	}
}
