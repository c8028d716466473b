package redis

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

//go:embed remove.lua
var removeScript string

// rewritten ends the name under which a stream is written anew, in the stream's own place.
const rewritten = ":rewritten"

// Remove implements [driver.Broker]. It is one script, so nobody sees half of it.
func (b *Broker) Remove(ctx context.Context, p driver.Partition, positions []driver.Position) error {
	if len(positions) == 0 {
		return nil
	}
	key := b.layout.key(p)
	results, err := b.send(ctx, func(c rueidis.Client) []rueidis.Completed {
		return []rueidis.Completed{c.B().Eval().Script(removeScript).Numkeys(2).Key(key, key+rewritten).Arg(ids(positions)...).Build()}
	})
	if err == nil {
		err = results[0].Error()
	}
	if err != nil {
		return fmt.Errorf("redis: remove from %s: %w", key, err)
	}
	return nil
}

func ids(positions []driver.Position) []string {
	list := make([]string, len(positions))
	for i, p := range positions {
		list[i] = p.String()
	}
	return list
}
