package redis

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// Top implements [driver.Broker]. It is [driver.Start] for a stream that does not exist, and for one that is new.
func (b *Broker) Top(ctx context.Context, p driver.Partition) (driver.Entry, error) {
	key := b.layout.key(p)
	results, err := b.send(ctx, func(c rueidis.Client) []rueidis.Completed {
		return []rueidis.Completed{c.B().XinfoStream().Key(key).Build()}
	})
	if err == nil {
		err = results[0].Error()
	}
	if reply, ok := rueidis.IsRedisErr(err); ok && strings.Contains(reply.Error(), "no such key") {
		return driver.Entry{Position: driver.Start}, nil
	}
	if err != nil {
		return driver.Entry{}, fmt.Errorf("redis: top of %s: %w", key, err)
	}
	info, err := results[0].ToMessage()
	if err != nil {
		return driver.Entry{}, fmt.Errorf("redis: top of %s: %w", key, err)
	}
	top, err := decodeTop(info)
	if err != nil {
		return driver.Entry{}, fmt.Errorf("redis: top of %s: %w", key, err)
	}
	return top, nil
}

//go:embed tops.lua
var topsScript string

// Tops implements [driver.TopsReader], with one command for each shard.
func (b *Broker) Tops(ctx context.Context, partitions []driver.Partition) (map[driver.Partition]driver.Entry, error) {
	shards := map[int][]driver.Partition{}
	for _, p := range partitions {
		n := b.layout.shard(p)
		shards[n] = append(shards[n], p)
	}
	order := slices.Sorted(maps.Keys(shards))
	results, err := b.send(ctx, func(c rueidis.Client) []rueidis.Completed {
		commands := make([]rueidis.Completed, len(order))
		for i, n := range order {
			commands[i] = c.B().Eval().Script(topsScript).Numkeys(int64(len(shards[n]))).Key(b.layout.keys(shards[n])...).Build()
		}
		return commands
	})
	if err != nil {
		return nil, fmt.Errorf("redis: tops: %w", err)
	}
	tops := make(map[driver.Partition]driver.Entry, len(partitions))
	for i, n := range order {
		if err := decodeTops(results[i], shards[n], tops); err != nil {
			return nil, fmt.Errorf("redis: tops of shard %d: %w", n, err)
		}
	}
	return tops, nil
}

func decodeTops(r rueidis.RedisResult, partitions []driver.Partition, into map[driver.Partition]driver.Entry) error {
	list, err := r.ToArray()
	if err != nil {
		return err
	}
	if len(list) != len(partitions) {
		return fmt.Errorf("%d answers for %d streams", len(list), len(partitions))
	}
	for i, p := range partitions {
		into[p] = driver.Entry{Position: driver.Start}
		if list[i].IsNil() {
			continue
		}
		if into[p], err = decodeTop(list[i]); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

// decodeTop reads what XINFO STREAM tells.
func decodeTop(m rueidis.RedisMessage) (driver.Entry, error) {
	info, err := m.AsMap()
	if err != nil {
		return driver.Entry{}, err
	}
	id := info["last-generated-id"]
	text, err := id.ToString()
	if err != nil {
		return driver.Entry{}, err
	}
	top, err := driver.ParsePosition(text)
	if err != nil {
		return driver.Entry{}, err
	}
	last := info["last-entry"]
	if last.IsNil() && driver.Start.After(top) { // made for a group, or nothing of ours is left
		return driver.Entry{Position: driver.Start}, nil
	}
	if last.IsNil() {
		return driver.Entry{Position: top}, nil
	}
	e, err := decodeEntry(last)
	if err != nil {
		return driver.Entry{}, err
	}
	if e.Position != top { // the newest entry was deleted
		return driver.Entry{Position: top}, nil
	}
	return e, nil
}
