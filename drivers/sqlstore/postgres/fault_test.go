package postgres

import (
	"strconv"
	"testing"

	"github.com/headrace/headrace/drivers/testserver"
)

// TestAnswersToCommitThatAreLost has transactions end in the dark: of some the server has committed and its answer gets lost, of others it has never
// heard that they were to be committed. The shop's are those of its own and of its relay; billing's are those of its handlers.
func TestAnswersToCommitThatAreLost(t *testing.T) {
	t.Parallel()
	const losses = 12
	server := startServer(t)
	for name, lose := range map[string]func(p *testserver.PostgresProxy){
		"the answer":    func(p *testserver.PostgresProxy) { p.LoseAnswers("COMMIT", losses) },
		"the statement": func(p *testserver.PostgresProxy) { p.LoseStatements("COMMIT", losses) },
	} {
		for _, of := range []string{"the shop", "billing"} {
			t.Run(name+" of "+of, func(t *testing.T) {
				t.Parallel()
				proxy := testserver.ProxyPostgres(t, server.PostgresServer)
				c := flowConfig{shop: Config{URL: proxy.URL()}}
				if of == "billing" {
					c.shop, c.billing = c.billing, c.shop
				}
				f := startFlow(t, server, c)
				f.under(func() {
					lose(proxy)
					f.await("COMMIT was lost often enough", func() bool { return proxy.Lost() == losses })
				})
				if unknown := f.unknowns(); unknown == 0 && of == "the shop" || unknown > proxy.Lost() || unknown != f.failures() {
					t.Errorf("COMMIT was lost %d times; %d transactions failed, and %d were said to be unknown", proxy.Lost(), f.failures(), unknown)
				}
			})
		}
	}
}

// TestServerThatIsStoppedAtOnce stops the server as a crash would and starts it again.
func TestServerThatIsStoppedAtOnce(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	f := startFlow(t, server, flowConfig{})
	f.under(func() {
		for range 3 {
			before := f.failures()
			server.StopImmediate()
			f.await("transactions fail", func() bool { return f.failures() > before })
			server.Restart()
			f.flows()
		}
	})
}

// TestConnectionsThatAreTerminated ends all connections of both services again and again.
func TestConnectionsThatAreTerminated(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *servers{"directly": startServer, "through PgBouncer": startPooled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			f := startFlow(t, server, flowConfig{})
			ended := 0
			f.under(func() {
				for range 20 {
					f.flows()
					n, err := strconv.Atoi(server.TerminateBackends())
					must(t, err)
					ended += n
				}
			})
			if ended < 20 || f.failures() == 0 {
				t.Errorf("%d connections were ended, and %d transactions of the shop failed", ended, f.failures())
			}
		})
	}
}
