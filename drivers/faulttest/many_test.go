package faulttest

import (
	"strings"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/testserver"
)

// manyServers are what may happen where Redis is more than one server.
func manyServers() []row {
	return []row{
		{"failover to a replica that lost its tail", failover},
		{"a node of a cluster dies and comes back", clusterNode},
	}
}

// failover has the newest entries on a master only, which then dies.
func failover(w *world) {
	replica := testserver.RedisReplica(w, w.redis)
	sentinel := testserver.RedisSentinel(w, w.redis)
	w.settings.Redis = sentinel.URL() + "?master_set=main"
	w.pair()
	replica.Stop() // what follows does not reach it
	w.flows(20)
	w.redis.Kill()
	replica.Continue()
	w.until(headrace.Reappended, 1, func() {})
	w.flows(20)
	w.settle(0)
	if role := replica.Info("role"); role != "master" {
		w.Errorf("the replica is a %s", role)
	}
}

// clusterNode has three masters, and kills one after the other.
func clusterNode(w *world) {
	nodes := testserver.RedisCluster(w)
	var others []string
	for _, n := range nodes[1:] {
		others = append(others, "addr="+n.Addr())
	}
	w.settings.Redis, w.settings.Shards = nodes[0].URL()+"?"+strings.Join(others, "&"), 3
	w.pair()
	for _, n := range nodes {
		if !strings.Contains(n.Do("INFO keyspace"), "db0") {
			continue // no shard lies here
		}
		w.until(headrace.AppendFailed, 1, n.Kill)
		w.check()
		n.Restart()
		w.until(headrace.Reappended, 1, func() {})
		w.flows(20)
	}
	w.settle(0)
}
