package postgres

import (
	"net/url"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/headrace/headrace/drivers/testserver"
)

// describing is what the URL says for a pooler that does not know prepared statements.
const describing = "&default_query_exec_mode=cache_describe"

// pooled lets processes reach a server through a PgBouncer in transaction mode. Those of one schema share few connections, so that these change
// hands all the time.
func pooled(server *servers, bouncer *testserver.PgBouncerServer, parameters string) *servers {
	return &servers{PostgresServer: server.PostgresServer, address: func(schema string) string {
		return bouncer.URL(url.PathEscape(parameters+schema)) + parameters
	}}
}

func startPgBouncer(t testing.TB, server *servers) *testserver.PgBouncerServer {
	return testserver.PgBouncer(t, server.PostgresServer, "default_pool_size = 5", "server_round_robin = 1")
}

func startPooled(t testing.TB) *servers {
	server := startServer(t)
	return pooled(server, startPgBouncer(t, server), describing)
}

func TestConformanceThroughPgBouncer(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	bouncer := startPgBouncer(t, server)
	modes := map[string]string{"describing": describing}
	if bouncer.Prepares {
		modes["preparing"] = ""
	}
	for name, parameters := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conform(t, pooled(server, bouncer, parameters))
		})
	}
}

// TestPooledConnectionsChangeHands makes sure that the pooler does what the suite is run through it for: one connection of a store is now this,
// now that connection to the server.
func TestPooledConnectionsChangeHands(t *testing.T) {
	t.Parallel()
	store := openFor(t, startPooled(t), Config{})
	first, second := begin(t, store), begin(t, store)
	must(t, first.Rollback(t.Context()))
	must(t, second.Rollback(t.Context()))
	seen, most := map[*pgx.Conn][]int{}, 0
	for range 6 {
		tx := begin(t, store)
		conn, err := Conn(holder{tx})
		must(t, err)
		if pid := backendOf(t, tx); !slices.Contains(seen[conn], pid) {
			seen[conn] = append(seen[conn], pid)
		}
		most = max(most, len(seen[conn]))
		must(t, tx.Rollback(t.Context()))
	}
	if most < 2 {
		t.Errorf("each connection of the store was always the same one of the server: %v", seen)
	}
}
