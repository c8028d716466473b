package testserver

import (
	"fmt"
	"strings"
	"testing"
)

// RedisReplica starts a redis-server that copies another one, and waits until it has a copy.
func RedisReplica(t testing.TB, of *RedisServer, settings ...string) *RedisServer {
	t.Helper()
	s := Redis(t, append([]string{fmt.Sprint("replicaof 127.0.0.1 ", of.port), "repl-diskless-sync-delay 0"}, settings...)...)
	s.awaitThat("it has a copy", func() bool { return s.Info("master_link_status") == "up" })
	return s
}

// RedisSentinel starts a Sentinel that watches a server under the name "main" and makes a replica the master when the server has been away
// for a second.
func RedisSentinel(t testing.TB, master *RedisServer) *RedisServer {
	t.Helper()
	s, err := startSentinel(t, master)
	s.must(err, "start")
	s.awaitThat("it knows the replicas", func() bool { return strings.Contains(s.Do("INFO sentinel"), "status=ok") })
	return s
}

func startSentinel(t testing.TB, master *RedisServer) (*RedisServer, error) {
	t.Helper()
	return startRedis(t, []string{
		fmt.Sprintf("sentinel monitor main 127.0.0.1 %d 1", master.port),
		"sentinel down-after-milliseconds main 1000",
		"sentinel failover-timeout main 3000",
	}, "--sentinel")
}

// RedisCluster starts a Redis Cluster of three masters and waits until it works. The settings are those of every node.
func RedisCluster(t testing.TB, settings ...string) []*RedisServer {
	t.Helper()
	const size, slots = 3, 16384
	nodes := make([]*RedisServer, size)
	for i := range nodes {
		nodes[i] = Redis(t, append([]string{"cluster-enabled yes", "cluster-node-timeout 2000"}, settings...)...)
		nodes[i].must(nodes[i].order(fmt.Sprint("CLUSTER SET-CONFIG-EPOCH ", i+1)), "number")
		var add strings.Builder
		add.WriteString("CLUSTER ADDSLOTS")
		for slot := slots * i / size; slot < slots*(i+1)/size; slot++ {
			fmt.Fprint(&add, " ", slot)
		}
		nodes[i].must(nodes[i].order(add.String()), "give slots to")
	}
	for _, n := range nodes[1:] {
		nodes[0].must(nodes[0].order(fmt.Sprint("CLUSTER MEET 127.0.0.1 ", n.port)), "join")
	}
	for _, n := range nodes {
		n.awaitThat("the cluster works", func() bool {
			info := n.Do("CLUSTER INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprint("cluster_known_nodes:", size))
		})
	}
	return nodes
}

// order is Do for commands that answer OK.
func (s *RedisServer) order(command string) error {
	reply, err := ask(s.Addr(), command)
	if err == nil && reply != "OK" {
		err = fmt.Errorf("%.40s: %s", command, reply)
	}
	return err
}
