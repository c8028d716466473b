package headrace_test

import (
	"strings"
	"testing"

	"github.com/headrace/headrace"
)

// TestPartitionOfAKey holds the function that chooses partitions: another one would put the events of a key into a new partition while the old
// ones are still under way in the other. The values were computed by another implementation of FNV-1a.
func TestPartitionOfAKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]map[int]int{
		"a":                                    {0: 12, 1: 0, 7: 5, 16: 12, 1024: 140},
		"order-1":                              {0: 13, 1: 0, 7: 5, 16: 13, 1024: 109},
		"7":                                    {0: 6, 1: 0, 7: 2, 16: 6, 1024: 918},
		"Ünïcode":                              {0: 11, 1: 0, 7: 2, 16: 11, 1024: 971},
		"":                                     {0: 5, 1: 0, 7: 2, 16: 5, 1024: 805},
		"8d7f6c1e-3c0a-7b12-9f00-000000000001": {0: 2, 1: 0, 7: 6, 16: 2, 1024: 386},
	} {
		for partitions, partition := range want {
			topic := headrace.Topic{Name: "orders", Partitions: partitions}
			if got := topic.Partition(key); got != partition {
				t.Errorf("key %q is in partition %d of %d: want %d", key, got, partitions, partition)
			}
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "orders", "orders.fulfilment", "a-b_c.d9", "z", strings.Repeat("a", 128)} {
		if err := headrace.NewService(headrace.ServiceConfig{Name: name}).Check(); err == nil || strings.Contains(err.Error(), "name") {
			t.Errorf("name %q: %v: want only the missing store", name, err)
		}
	}
	for name, want := range map[string]string{
		"":                       "empty",
		"Orders":                 "start with",
		"1orders":                "start with",
		".orders":                "start with",
		"-orders":                "start with",
		"_orders":                "start with",
		"ärger":                  "start with",
		"ordErs":                 `'E'`,
		"order s":                `' '`,
		"orders/new":             `'/'`,
		"orders:new":             `':'`,
		"orders*":                `'*'`,
		"orders>":                `'>'`,
		"geänd":                  `'ä'`,
		"orders\x00":             `'\x00'`,
		"orders\n":               `'\n'`,
		"or\xffders":             `'�'`,
		strings.Repeat("a", 129): "129",
	} {
		err := headrace.NewService(headrace.ServiceConfig{Name: name}).Check()
		if err == nil || !strings.Contains(err.Error(), "name") || !strings.Contains(err.Error(), want) {
			t.Errorf("name %q: %v: want %s in it", name, err, want)
		}
	}
}

func TestPartitionsOfATopic(t *testing.T) {
	t.Parallel()
	for partitions, ok := range map[int]bool{-1: false, 0: true, 1: true, 16: true, 1024: true, 1025: false} {
		topic := headrace.Topic{Name: "orders", Partitions: partitions}
		_, err := headrace.Define(topic, "order.placed", 1, songKey).Encode(song{Title: "x"})
		if (err == nil) != ok {
			t.Errorf("%d partitions: %v", partitions, err)
		}
	}
}
