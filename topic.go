package headrace

import (
	"fmt"
	"hash/fnv"

	"github.com/headrace/headrace/driver"
)

// DefaultPartitions is a topic's number of partitions when it does not say.
const DefaultPartitions = 16

// Topic is an ordered family of events. Exactly one service owns it, which means that only this service publishes to it. Order holds
// within a partition, and so for all events with the same key.
type Topic struct {
	// Name is made of lower-case letters, digits, dots, dashes and underscores, and starts with a letter.
	Name string
	// Partitions bounds how many members of a group can work on the topic at the same time. It is fixed when the topic is first used.
	// 0 means DefaultPartitions; the limit is 1024.
	Partitions int
}

const maxPartitions = 1024

func (t Topic) partitions() int {
	if t.Partitions == 0 {
		return DefaultPartitions
	}
	return t.Partitions
}

// Partition returns the partition of a key: fnv64a(key) % Partitions.
func (t Topic) Partition(key string) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum64() % uint64(t.partitions()))
}

func (t Topic) all() []driver.Partition {
	list := make([]driver.Partition, t.partitions())
	for i := range list {
		list[i] = driver.Partition{Topic: t.Name, Number: i}
	}
	return list
}

func (t Topic) size() driver.TopicSize {
	return driver.TopicSize{Topic: t.Name, Partitions: t.partitions()}
}

func (t Topic) check() error {
	if err := checkName(t.Name); err != nil {
		return fmt.Errorf("topic %q: %w", t.Name, err)
	}
	if n := t.partitions(); n < 1 || n > maxPartitions {
		return fmt.Errorf("topic %q: %d partitions: must be 1 to %d", t.Name, t.Partitions, maxPartitions)
	}
	return nil
}

// checkName keeps names fit for Redis keys, NATS subjects, SQL rows and file names.
func checkName(name string) error {
	if name == "" {
		return fmt.Errorf("name is empty")
	}
	if len(name) > 128 {
		return fmt.Errorf("name has %d characters: at most 128", len(name))
	}
	if name[0] < 'a' || name[0] > 'z' {
		return fmt.Errorf("name must start with a lower-case letter")
	}
	for _, c := range name {
		ok := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
		if !ok {
			return fmt.Errorf("name has %q: lower-case letters, digits, dots, dashes and underscores only", c)
		}
	}
	return nil
}
