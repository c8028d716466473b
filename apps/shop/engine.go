package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/redis"
	"github.com/headrace/headrace/memory"
)

// engine is a server that the shop can run on.
type engine struct {
	flag, env, name, role string
	locate                func(url string) (string, error) // says where a URL is, without its secrets; nil: this build has no driver for it
}

func engines() []engine {
	return []engine{
		{"redis", "HEADRACE_REDIS_URL", "Redis", "streams and live updates between processes", locateRedis},
		{"nats", "HEADRACE_NATS_URL", "NATS", "live updates between processes", nil},
		{"postgres", "HEADRACE_POSTGRES_URL", "PostgreSQL", "the services' databases", locatePostgres},
		{"mongo", "HEADRACE_MONGO_URL", "MongoDB", "the archive", nil},
	}
}

// check returns what is wrong with an engine's URL. It does not repeat the URL, which may have a password in it.
func (e engine) check(address string) error {
	if e.locate == nil {
		return fmt.Errorf("-%s [%s]: this build has no driver for %s", e.flag, e.env, e.name)
	}
	if _, err := e.locate(address); err != nil {
		return fmt.Errorf("-%s [%s]: %w", e.flag, e.env, err)
	}
	return nil
}

func locateRedis(address string) (string, error) {
	options, err := redis.ClientOptions(address)
	if parse, ok := errors.AsType[*url.Error](err); ok {
		err = fmt.Errorf("read URL: %w", parse.Err)
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Redis at %s, database %d", strings.Join(options.InitAddress, ", "), options.SelectDB), nil
}

func locatePostgres(address string) (string, error) {
	options, err := pgxpool.ParseConfig(address)
	if err != nil {
		return "", errors.New("read URL: it is not of the form postgres://user:password@host:port/database")
	}
	c := options.ConnConfig
	return fmt.Sprintf("PostgreSQL at %s:%d, database %s", c.Host, c.Port, c.Database), nil
}

// streamBound is how many of a partition's newest events the broker keeps in memory. Who is further behind reads the journal.
const streamBound = 128

// broker is what carries events between services.
func (c config) broker() (driver.Broker, error) {
	if c.redis == "" {
		return memory.NewBroker(memory.BrokerConfig{Bound: streamBound}), nil
	}
	return redis.NewBroker(redis.BrokerConfig{URL: c.redis, Logger: c.log})
}

// live is what tells of events as they happen.
func (c config) live() (driver.Live, error) {
	if c.redis == "" {
		return memory.NewLive(), nil
	}
	return redis.NewLive(redis.LiveConfig{URL: c.redis, Logger: c.log})
}
