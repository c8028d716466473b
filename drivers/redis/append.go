package redis

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// refused is how Redis says that an id is at or below the top of a stream: the entry is there already, or was.
const refused = "equal or smaller than the target stream top item"

// Append implements [driver.Broker]. All entries travel in one pipeline, each under its position as its id; Redis itself refuses those that
// are there. Streams are cut to about the bound on the way. After an error it is not known how much of the partition was taken.
func (b *Broker) Append(ctx context.Context, batches []driver.Batch) map[driver.Partition]error {
	failed := map[driver.Partition]error{}
	results, err := b.send(ctx, func(c rueidis.Client) []rueidis.Completed {
		var commands []rueidis.Completed
		for _, batch := range batches {
			key := b.layout.key(batch.Partition)
			for _, e := range batch.Entries {
				commands = append(commands, b.add(c, batch.Partition.Topic, key, e))
			}
		}
		return commands
	})
	for _, batch := range batches {
		n := len(batch.Entries)
		if err := b.outcome(batch, results[:min(n, len(results))], err); err != nil {
			failed[batch.Partition] = fmt.Errorf("redis: append to %s: %w", b.layout.key(batch.Partition), err)
		}
		results = results[min(n, len(results)):]
	}
	return failed
}

// outcome is the first error of a batch that matters. A nil err comes with a result for every entry.
func (b *Broker) outcome(batch driver.Batch, results []rueidis.RedisResult, err error) error {
	if err != nil && len(batch.Entries) > 0 {
		return err
	}
	for i, r := range results {
		if err := r.Error(); err != nil && !strings.Contains(err.Error(), refused) {
			return fmt.Errorf("entry %s: %w", batch.Entries[i].Position, err)
		}
	}
	return nil
}

func (b *Broker) add(c rueidis.Client, topic, key string, e driver.Entry) rueidis.Completed {
	if _, only := b.only.Load(topic); only {
		return c.B().Xadd().Key(key).Id(e.Position.String()).
			FieldValue().FieldValue(metaField, rueidis.BinaryString(e.Meta)).FieldValue(dataField, rueidis.BinaryString(e.Data)).Build()
	}
	return c.B().Xadd().Key(key).Maxlen().Almost().Threshold(b.threshold).Id(e.Position.String()).
		FieldValue().FieldValue(metaField, rueidis.BinaryString(e.Meta)).FieldValue(dataField, rueidis.BinaryString(e.Data)).Build()
}
