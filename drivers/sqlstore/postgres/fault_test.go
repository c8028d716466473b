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
	server := startServer(t)
	for _, of := range []string{"the shop", "billing"} {
		for _, what := range []string{"the answer", "the statement"} {
			t.Run(what+" of "+of, func(t *testing.T) {
				t.Parallel()
				loseCommits(t, server, of == "the shop", what == "the answer")
			})
		}
	}
}

func loseCommits(t *testing.T, server *servers, shop, answers bool) {
	const losses = 12
	proxy := testserver.ProxyPostgres(t, server.PostgresServer)
	c, lose := flowConfig{billing: Config{URL: proxy.URL()}}, proxy.LoseStatements
	if shop {
		c.shop, c.billing = c.billing, c.shop
	}
	if answers {
		lose = proxy.LoseAnswers
	}
	f := startFlow(t, server, c)
	f.under(func() {
		lose("COMMIT", losses)
		f.await("COMMIT was lost often enough", func() bool { return proxy.Lost() == losses })
	})
	if (f.unknown > 0) != shop || f.unknown != f.failed {
		t.Errorf("COMMIT was lost %d times; %d transactions of the shop failed, and %d were said to be unknown", losses, f.failed, f.unknown)
	}
	committed := f.begun
	if !answers {
		committed -= f.unknown
	}
	if n := server.Do(`SELECT max(n) FROM "` + f.schemas[0] + `".sent`); n != strconv.Itoa(committed) {
		t.Errorf("the server has committed %s of %d transactions, of which %d are unknown: want %d", n, f.begun, f.unknown, committed)
	}
}

// TestServerThatIsStoppedAtOnce stops the server as a crash would and starts it again.
func TestServerThatIsStoppedAtOnce(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	f := startFlow(t, server, flowConfig{})
	f.under(func() {
		for range 3 {
			server.StopImmediate()
			f.fails()
			server.Restart()
			f.flows()
		}
	})
}

// TestPgBouncerThatDies kills the pooler and starts it again.
func TestPgBouncerThatDies(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	bouncer := startPgBouncer(t, server)
	f := startFlow(t, pooled(server, bouncer, describing), flowConfig{})
	f.under(func() {
		for range 3 {
			bouncer.Kill()
			f.fails()
			bouncer.Restart()
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
				for range 8 {
					f.flows()
					n, err := strconv.Atoi(server.TerminateBackends())
					must(t, err)
					ended += n
				}
			})
			if ended < 8 {
				t.Errorf("%d connections were ended: the fault did not bite", ended)
			}
			if f.failed != f.unknown {
				t.Errorf("%d transactions failed, of which %d are unknown: the others could have been run again", f.failed, f.unknown)
			}
		})
	}
}
