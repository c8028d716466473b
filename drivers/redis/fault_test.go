package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/drivers/testserver"
)

func key(partition int) string { return fmt.Sprint("headrace:{0}:orders:", partition) }

// TestAServerThatDies kills the server under load and starts it again with whatever it has kept.
func TestAServerThatDies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open     func(testing.TB, driver.Clock) drivertest.Database
		settings []string
	}{
		"keeps-everything":        {openMemory, []string{"appendonly yes", "appendfsync always"}},
		"keeps-most":              {openMemory, []string{"appendonly yes", "appendfsync everysec"}},
		"keeps-nothing":           {openMemory, nil},
		"keeps-nothing-on-sqlite": {openSQLite, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, testserver.Redis(t, c.settings...), redis.BrokerConfig{}, c.open)
			f.under(func() {
				f.brings(headrace.AppendFailed, f.server.Kill)
				f.flows()
				f.brings(headrace.Reappended, f.server.Restart)
			})
			f.bit(headrace.HistoryRead)
		})
	}
}

// TestAStreamThatLosesThings does to streams and groups what any client of the server may do, until it shows.
func TestAStreamThatLosesThings(t *testing.T) {
	t.Parallel()
	each := func(command string) func(*flow) {
		return func(f *flow) {
			for p := range orders.Partitions {
				f.server.Do(fmt.Sprintf(command, key(p)))
			}
		}
	}
	for name, c := range map[string]struct {
		bites headrace.SignalKind
		do    func(*flow)
	}{
		"flush":           {headrace.HistoryRead, func(f *flow) { f.server.Do("FLUSHALL") }},
		"trim":            {headrace.HistoryRead, each("XTRIM %s MAXLEN 0")},
		"delete-entries":  {headrace.HistoryRead, deleteNewest},
		"delete-stream":   {headrace.HistoryRead, each("DEL %s")},
		"destroy-group":   {headrace.HistoryRead, each("XGROUP DESTROY %s billing")},
		"skip":            {headrace.HistoryRead, each("XGROUP SETID %s billing $")},
		"go-back":         {headrace.Duplicate, each("XGROUP SETID %s billing 0")},
		"append-garbage":  {headrace.ForeignFound, each("XADD %s * some thing")},
		"replace-garbage": {headrace.ForeignFound, func(f *flow) { each("DEL %s")(f); each("XADD %s * m some d thing")(f) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, testserver.Redis(t), redis.BrokerConfig{}, openMemory)
			f.under(func() {
				for range 3 {
					f.until(c.bites, func() { c.do(f) })
				}
			})
		})
	}
}

// deleteNewest deletes the newest entry of every stream.
func deleteNewest(f *flow) {
	for p := range orders.Partitions {
		f.server.Do(fmt.Sprintf(`EVAL "local e = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]; `+
			`return e and redis.call('XDEL', KEYS[1], e[1])" 1 %s`, key(p)))
	}
}

// TestATopThatIsRaised adds entries that are newer than everything and deletes them before any reader can meet them.
func TestATopThatIsRaised(t *testing.T) {
	t.Parallel()
	f := start(t, testserver.Redis(t), redis.BrokerConfig{}, openMemory)
	f.under(func() {
		f.brings(headrace.Reappended, func() {
			for p := range orders.Partitions {
				f.server.Do(fmt.Sprintf(`EVAL "redis.call('XDEL', KEYS[1], redis.call('XADD', KEYS[1], '*', 'some', 'thing'))" 1 %s`, key(p)))
			}
		})
	})
}

// TestAConsumerThatIsDeleted deletes what is pending with its consumer.
func TestAConsumerThatIsDeleted(t *testing.T) {
	t.Parallel()
	f := start(t, testserver.Redis(t), redis.BrokerConfig{}, openMemory)
	f.under(func() {
		f.await("something was pending", func() bool {
			return f.server.Do("XGROUP DELCONSUMER "+key(0)+" billing owner") != ":0"
		})
	})
}

// TestAStreamOfAnotherType puts a string in the place of a stream. The other partitions' streams go on; this one's are read from history.
func TestAStreamOfAnotherType(t *testing.T) {
	t.Parallel()
	f := start(t, testserver.Redis(t), redis.BrokerConfig{}, openMemory)
	f.under(func() {
		f.brings(headrace.AppendFailed, func() { f.server.Do("SET " + key(1) + " text") })
		f.flows()
		if !strings.Contains(f.server.Do("INFO errorstats"), "errorstat_WRONGTYPE") {
			f.Error("the server has never met a wrong type")
		}
		f.brings(headrace.Reappended, func() { f.server.Do("DEL " + key(1)) })
	})
}

// TestAServerWithoutMemory lets the server refuse everything that needs memory.
func TestAServerWithoutMemory(t *testing.T) {
	t.Parallel()
	f := start(t, testserver.Redis(t), redis.BrokerConfig{}, openMemory)
	f.under(func() {
		f.brings(headrace.AppendFailed, func() { f.server.Do("CONFIG SET maxmemory 1") })
		f.flows()
		if !strings.Contains(f.server.Do("INFO errorstats"), "errorstat_OOM") {
			f.Error("the server was never out of memory")
		}
		f.brings(headrace.Reappended, func() { f.server.Do("CONFIG SET maxmemory 0") })
	})
}

// TestAServerThatStandsStill stops the server for longer than a command may take.
func TestAServerThatStandsStill(t *testing.T) {
	t.Parallel()
	f := start(t, testserver.Redis(t), redis.BrokerConfig{Timeout: time.Second}, openMemory)
	f.under(func() {
		f.brings(headrace.AppendFailed, f.server.Stop)
		f.flows()
		f.server.Continue()
	})
}

// TestConnectionsThatBreak breaks all connections again and again.
func TestConnectionsThatBreak(t *testing.T) {
	t.Parallel()
	f := start(t, testserver.Redis(t), redis.BrokerConfig{}, openMemory)
	f.under(func() {
		killed := 0
		for range 30 {
			f.flows()
			if n := f.server.Do("CLIENT KILL TYPE normal SKIPME yes"); n != ":0" {
				killed++
			}
		}
		if killed < 10 {
			f.Errorf("connections were there to be broken %d of 30 times", killed)
		}
	})
}

// TestAFailover lets Sentinel make a replica the master, which lacks what had not reached it.
func TestAFailover(t *testing.T) {
	t.Parallel()
	master := testserver.Redis(t)
	replica := testserver.RedisReplica(t, master)
	sentinel := testserver.RedisSentinel(t, master)
	f := start(t, master, redis.BrokerConfig{URL: sentinel.URL() + "?master_set=main"}, openMemory)
	f.under(func() {
		replica.Stop() // what follows does not reach it
		f.flows()
		f.brings(headrace.Reappended, func() {
			master.Kill()
			replica.Continue()
		})
		if role := replica.Info("role"); role != "master" {
			f.Errorf("the replica is a %s", role)
		}
	})
}

// TestAnswersThatAreLost lets the server do what it is asked and its answer get lost.
func TestAnswersThatAreLost(t *testing.T) {
	t.Parallel()
	for command, provoke := range map[string]func(*flow){
		"XADD": func(*flow) {}, "XREADGROUP": func(*flow) {}, "XACK": func(*flow) {},
		"SETID": func(f *flow) { f.server.Do("XGROUP DESTROY " + key(0) + " billing") },
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			server := testserver.Redis(t)
			between := testserver.StartProxy(t, server.Addr())
			f := start(t, server, redis.BrokerConfig{URL: "redis://" + between.Addr()}, openMemory)
			f.under(func() {
				between.Swallow(command, 5)
				f.await("answers were lost", func() bool {
					provoke(f)
					return between.Lost() == 5
				})
			})
		})
	}
}
