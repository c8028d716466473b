package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/testserver"
)

// rival is somebody else in billing's database, who is in the way of a handler.
type rival struct {
	testing.TB
	server *servers
	schema string
	conn   *pgx.Conn
}

func (r *rival) do(statement string) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 30*time.Second)
	defer cancel()
	if _, err := r.conn.Exec(ctx, statement); err != nil {
		r.Errorf("the rival's %s: %v", statement, err)
	}
}

// begin begins a transaction that never is the victim of a deadlock.
func (r *rival) begin() {
	r.Helper()
	r.do(`BEGIN; SET LOCAL deadlock_timeout = '1h'; SET LOCAL search_path = "` + r.schema + `"`)
}

const take = `UPDATE row SET n = n + 1 WHERE name = `

// conflicts are what a handler can meet that is not its fault. Each function is called in a handler's first run, and does what the handler does in
// every run, with the rival in its way.
var handlerConflicts = map[string]struct {
	settings []string
	config   Config
	first    func(*rival, *headrace.Tx) error
	second   func(*rival) // before the second run; nil: nothing
}{
	"a deadlock": {first: func(r *rival, tx *headrace.Tx) error {
		must(r, run(tx, take+`'a'`))
		r.begin()
		r.do(take + `'b'`)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r.do(take + `'a'; COMMIT`)
		}()
		r.Cleanup(func() { <-ended })
		eventually(r, "the rival waits", func() bool {
			return r.server.Do(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'rival'`) == "1"
		})
		return run(tx, take+`'b'`)
	}},
	"a serialization failure": {
		settings: []string{"default_transaction_isolation = 'repeatable read'"},
		first: func(r *rival, tx *headrace.Tx) error {
			must(r, run(tx, `SELECT n FROM row`))
			r.do(`UPDATE "` + r.schema + `".row SET n = n + 1`)
			return run(tx, take+`'a'`)
		},
	},
	"a lock that is not to be had": {
		config: Config{LockTimeout: 100 * time.Millisecond},
		first: func(r *rival, tx *headrace.Tx) error {
			r.begin()
			r.do(take + `'a'`)
			return run(tx, take+`'a'`)
		},
		second: func(r *rival) { r.do(`ROLLBACK`) },
	},
	"a connection that is ended": {first: func(r *rival, tx *headrace.Tx) error {
		must(r, run(tx, take+`'a'`))
		r.server.Do(fmt.Sprintf(`SELECT pg_terminate_backend(%d, 10000)`, backendOf(r, tx.Driver())))
		if err := run(tx, take+`'b'`); err == nil {
			return nil
		}
		return errors.New("a handler that does not say what it met")
	}},
	"standing still for too long": {
		config: Config{IdleTimeout: 2 * time.Second},
		first: func(r *rival, tx *headrace.Tx) error {
			must(r, run(tx, take+`'a'`))
			r.begin()
			r.do(take + `'a'; COMMIT`) // waits until the server has freed the row
			return run(tx, take+`'b'`)
		},
	},
}

func run(tx *headrace.Tx, statement string) error {
	_, err := tx.SQL().ExecContext(context.Background(), statement)
	return err
}

// TestConflictsOfAHandlerBurnNoAttempt has a handler's own statements meet what is nobody's fault: it is run again, as if for the first time.
func TestConflictsOfAHandlerBurnNoAttempt(t *testing.T) {
	t.Parallel()
	for name, c := range handlerConflicts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &servers{PostgresServer: testserver.Postgres(t, append(c.settings, "deadlock_timeout = 50ms")...)}
			r := &rival{TB: t, server: server}
			runs := 0
			f := startFlow(t, server, flowConfig{billing: c.config, handle: func(_ context.Context, tx *headrace.Tx, o order) error {
				if o.ID != "key-0" {
					return nil
				}
				switch runs++; {
				case runs == 1:
					return c.first(r, tx)
				case runs == 2 && c.second != nil:
					c.second(r)
				}
				return errors.Join(run(tx, take+`'a'`), run(tx, take+`'b'`))
			}})
			var err error
			r.schema = f.schemas[1]
			r.conn, err = pgx.Connect(t.Context(), server.URL()+"&application_name=rival")
			must(t, err)
			t.Cleanup(func() { must(t, r.conn.Close(context.WithoutCancel(t.Context()))) })
			must(t, f.shop.In(f.ctx, f.place))
			f.drained()
			if runs < 2 { // of a deadlock there may be another one: the second run can get to the first row before the rival
				t.Errorf("the handler was run %d times: nothing was in its way", runs)
			}
		})
	}
}

// TestTimeThatRunsOutIsTheHandlersFault has a statement that takes longer than its handler may: what ends the connection is no excuse.
func TestTimeThatRunsOutIsTheHandlersFault(t *testing.T) {
	t.Parallel()
	runs := 0
	f := startFlow(t, startServer(t), flowConfig{
		options: []headrace.HandlerOption{headrace.Timeout(2 * time.Second), headrace.Retry{Attempts: 2}},
		handle: func(ctx context.Context, tx *headrace.Tx, o order) error {
			if o.ID != "key-0" {
				return nil
			}
			runs++
			if _, err := tx.SQL().ExecContext(ctx, `SELECT pg_sleep(60)`); err == nil {
				return nil
			}
			return errors.New("a handler that does not say what it met")
		},
	})
	must(t, f.shop.In(f.ctx, f.place))
	f.await("the event is dead", func() bool { return f.count(headrace.Died) == 1 })
	if runs != 2 {
		t.Errorf("the handler was run %d times, want 2", runs)
	}
}
