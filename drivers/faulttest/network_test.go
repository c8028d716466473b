package faulttest

import (
	"strings"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/testserver"
)

// networks are what may happen between nodes and servers: promise 9.
func networks() []row {
	var rows []row
	for _, command := range []string{"XADD", "XREADGROUP", "XACK", "PUBLISH"} {
		rows = append(rows, row{"answers to " + command + " get lost", func(w *world) {
			between := w.throughRedis()
			w.pair()
			for range rounds(2) {
				between.Swallow(command, 5)
				w.awaitThat("answers were swallowed", func() bool { return between.Lost() == 5 })
				w.flows(10)
				w.check()
			}
			w.settle(0)
		}})
	}
	return append(
		rows,
		row{"answers to COMMIT get lost", func(w *world) { commitsLost(w, testserver.PostgresProxy.LoseAnswers) }},
		row{"COMMITs get lost", func(w *world) { commitsLost(w, testserver.PostgresProxy.LoseStatements) }},
		row{"connections to Redis are cut", func(w *world) {
			between := w.throughRedis()
			w.pair()
			for range rounds(5) {
				if between.Cut() == 0 {
					w.Error("there was nothing to cut")
				}
				w.flows(10)
			}
			w.settle(0)
		}},
		row{"Redis is late", func(w *world) {
			between := w.throughRedis()
			w.pair()
			between.Delay(100 * time.Millisecond)
			w.flows(50)
			w.check()
			if late := between.Delay(0); late == 0 {
				w.Error("nothing was late")
			}
			w.settle(0)
		}},
		row{"connections to Redis stand open and carry nothing", func(w *world) {
			between := w.throughRedis()
			w.pair()
			between.Freeze()
			w.until(headrace.AppendFailed, 1, func() {})
			if held := between.Thaw(); held == 0 {
				w.Error("nothing was held up")
			}
			w.flows(10)
			w.settle(0)
		}},
		row{"connections to PostgreSQL stand open and carry nothing", func(w *world) {
			between := w.throughPostgres()
			w.pair()
			between.Freeze()
			<-time.After(2 * lease)
			if held := between.Thaw(); held == 0 {
				w.Error("nothing was held up")
			}
			w.flows(10)
			w.settle(0)
		}},
	)
}

// throughRedis puts a proxy between the nodes to come and Redis.
func (w *world) throughRedis() *testserver.Proxy {
	w.Helper()
	between := testserver.StartProxy(w, w.redis.Addr())
	w.settings.Redis = "redis://" + between.Addr()
	return between
}

func (w *world) throughPostgres() *testserver.Proxy {
	w.Helper()
	address, _, _ := strings.Cut(strings.TrimPrefix(w.postgres.URL(), "postgres://postgres@"), "/")
	between := testserver.StartProxy(w, address)
	w.settings.Postgres = strings.Replace(w.settings.Postgres, address, between.Addr(), 1)
	return between
}

// commitsLost has commits of which nobody knows whether they took effect: they did and their answers are lost, or they never arrived.
func commitsLost(w *world, lose func(between testserver.PostgresProxy, statement string, n int)) {
	between := testserver.ProxyPostgres(w, w.postgres)
	w.settings.Postgres = w.databaseURL(between.URL())
	w.pair()
	for range rounds(3) {
		lose(between, "COMMIT", 5)
		w.awaitThat("COMMITs were lost", func() bool { return between.Lost() == 5 })
		w.flows(10)
		w.check()
	}
	w.settle(0)
	made, failed, committed := 0, w.failed(), w.number(`SELECT sum(n)::BIGINT FROM source.counter`)
	for _, p := range w.started {
		made += p.report().Made
	}
	if committed < made || committed > made+failed {
		w.Errorf("%d transactions took effect, want at least the %d that committed and at most the %d more of which nobody knows", committed, made, failed)
	}
}
