package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// flight is one reading command on its way, and what has to be done before it. It is made by a reader and then belongs to a goroutine of its
// own until it has landed.
type flight struct {
	lane     *lane
	line     *line
	group    string
	asks     []ask
	count    int  // of each stream at most
	blocking bool // wait for entries if there are none
	timeout  time.Duration
	err      error
}

// ask is what a flight is to bring of a partition: the first fields say what, the others are the answer.
type ask struct {
	place   *place // of the reader; not for the flight
	key     string
	after   driver.Position
	done    driver.Position
	settled bool

	ready   bool // the group exists and stands where it should
	err     error
	entries []driver.Entry
}

// blockFor is how long a reading command waits at the server. It is longer than a Read, which leaves it waiting, and short enough that a
// command whose reader has vanished without a word does not take much.
const blockFor = 5 * time.Second

func (f *flight) fly(b *Broker) error {
	client, err := f.line.connect(b)
	if err != nil {
		return err
	}
	if err := f.settle(client); err != nil {
		return err
	}
	return f.read(client)
}

// read is the one command over all streams that are ready.
func (f *flight) read(client rueidis.DedicatedClient) error {
	var keys, ids []string
	at := map[string]*ask{}
	for i := range f.asks {
		if a := &f.asks[i]; a.settled || a.ready {
			keys, ids, at[a.key] = append(keys, a.key), append(ids, ">"), a
		}
	}
	if len(keys) == 0 {
		return fmt.Errorf("%s: %w", f.asks[0].key, f.asks[0].err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), blockFor+f.timeout)
	defer cancel()
	reply, err := client.Do(ctx, f.command(client, keys, ids)).ToMessage()
	if rueidis.IsRedisNil(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return decodeReply(reply, func(key string, entries []driver.Entry) { at[key].entries = entries })
}

func (f *flight) command(client rueidis.DedicatedClient, keys, ids []string) rueidis.Completed {
	read := client.B().Xreadgroup().Group(f.group, consumer).Count(int64(f.count))
	if f.blocking {
		return read.Block(blockFor.Milliseconds()).Streams().Key(keys...).Id(ids...).Build()
	}
	return read.Streams().Key(keys...).Id(ids...).Build()
}

// decodeReply reads what XREADGROUP returns: streams and their entries, as a map or, from servers that speak the older protocol, as pairs.
func decodeReply(m rueidis.RedisMessage, found func(key string, entries []driver.Entry)) error {
	if m.IsMap() {
		streams, err := m.ToMap()
		if err != nil {
			return err
		}
		for key, list := range streams {
			entries, err := decodeEntries(list)
			if err != nil {
				return err
			}
			found(key, entries)
		}
		return nil
	}
	streams, err := m.ToArray()
	if err != nil {
		return err
	}
	for _, s := range streams {
		pair, err := s.ToArray()
		if err != nil || len(pair) != 2 {
			return errors.Join(errors.New("a stream is not a name with entries"), err)
		}
		key, err := pair[0].ToString()
		if err != nil {
			return err
		}
		entries, err := decodeEntries(pair[1])
		if err != nil {
			return err
		}
		found(key, entries)
	}
	return nil
}
