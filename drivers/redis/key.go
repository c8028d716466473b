package redis

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/headrace/headrace/driver"
)

// consumer is the name under which whoever owns a partition reads its stream. It is the same for every member, so that what Redis shows as
// pending on a stream is what is in flight there, and the next owner goes on with it.
const consumer = "owner"

// layout says which streams there are: a stream for each partition, spread over shards. The streams of a shard share a hash tag, because
// Redis Cluster reads several streams with one command only if they are at one place.
type layout struct {
	prefix string
	shards int
}

func (l layout) shard(p driver.Partition) int { return p.Number % l.shards }

// key is the name of a partition's stream.
func (l layout) key(p driver.Partition) string {
	return l.prefix + ":{" + strconv.Itoa(l.shard(p)) + "}:" + p.Topic + ":" + strconv.Itoa(p.Number)
}

func (l layout) keys(partitions []driver.Partition) []string {
	list := make([]string, len(partitions))
	for i, p := range partitions {
		list[i] = l.key(p)
	}
	return list
}

// checkPrefix refuses what would make keys that mean something else.
func checkPrefix(prefix string) error {
	if strings.ContainsAny(prefix, "{} \t\r\n") {
		return fmt.Errorf("redis: prefix %q has braces or spaces", prefix)
	}
	return nil
}
