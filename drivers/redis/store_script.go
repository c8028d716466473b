package redis

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

//go:embed store.lua
var storeSource string

//go:embed page.lua
var pageSource string

var errForeign = errors.New("something foreign stands at the end of the stream")

// steps is what a commit checks and does, as store.lua takes it.
type steps struct {
	keys []string
	at   map[string]int
	args []string
}

func (c *steps) step(word, key, a, b string) {
	i, ok := c.at[key]
	if !ok {
		c.keys = append(c.keys, key)
		i = len(c.keys)
		c.at[key] = i
	}
	c.args = append(c.args, word, strconv.Itoa(i), a, b)
}

func (s *Store) steps() *steps {
	base := s.key("meta")
	return &steps{keys: []string{base}, at: map[string]int{base: 1}}
}

// run runs a commit and returns the ids of what it published. Whether it ran is unknown only when the answer did not arrive.
func (s *Store) run(ctx context.Context, c *steps) ([]string, error) {
	client, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.broker.timeout)
	defer cancel()
	args := append([]string{rand.Text()}, c.args...)
	reply, err := s.commit.Exec(ctx, client, c.keys, args).AsStrSlice()
	if _, answered := rueidis.IsRedisErr(err); err != nil && !answered {
		return nil, fmt.Errorf("redis: commit: %w: %w", driver.ErrUnknownOutcome, err)
	}
	if err != nil {
		return nil, fmt.Errorf("redis: commit: %w", err)
	}
	switch reply[0] {
	case "done":
		return reply[1:], nil
	case "moved":
		return nil, errors.Join(fmt.Errorf("redis: commit: %w: the server is another one than before", driver.ErrConflict), s.identify(ctx))
	case "foreign":
		return nil, fmt.Errorf("redis: commit: %s: %w: %w", reply[1], driver.ErrConflict, errForeign)
	}
	return nil, fmt.Errorf("redis: commit: %w: %q", driver.ErrConflict, reply)
}
