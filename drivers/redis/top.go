package redis

import (
	"context"
	"fmt"
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
	top, err := decodeTop(results[0])
	if err != nil {
		return driver.Entry{}, fmt.Errorf("redis: top of %s: %w", key, err)
	}
	return top, nil
}

// decodeTop reads what XINFO STREAM tells.
func decodeTop(r rueidis.RedisResult) (driver.Entry, error) {
	info, err := r.AsMap()
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
