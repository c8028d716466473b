package redis

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/rueidis"
)

// settle makes the group of every stream that is new to the reader, or that something went wrong with, and sets it to the reader's place.
// What is wrong with one stream holds up no other; the error is that of the connection.
func (f *flight) settle(client rueidis.DedicatedClient) error {
	var commands []rueidis.Completed
	var open []*ask
	for i := range f.asks {
		a := &f.asks[i]
		if a.settled {
			continue
		}
		id := a.after.String()
		commands = append(
			commands,
			client.B().XgroupCreate().Key(a.key).Group(f.group).Id(id).Mkstream().Build(),
			client.B().XgroupSetid().Key(a.key).Group(f.group).Id(id).Build(),
		)
		open = append(open, a)
	}
	if len(open) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.timeout)
	defer cancel()
	results := client.DoMulti(ctx, commands...)
	for i, a := range open {
		created, set := results[2*i].Error(), results[2*i+1].Error()
		if _, answered := rueidis.IsRedisErr(set); set != nil && !answered {
			return set
		}
		a.ready = set == nil
		if a.err = set; a.err != nil && created != nil && !strings.HasPrefix(created.Error(), "BUSYGROUP") {
			a.err = created
		}
	}
	return f.clear(ctx, client, open)
}

// clear acknowledges what is pending although the cursor is past it: the owner before may have died between its commit and its
// acknowledgement. What is pending beyond the cursor is delivered again. A stream that cannot be cleared is read all the same.
func (f *flight) clear(ctx context.Context, client rueidis.DedicatedClient, asks []*ask) error {
	const page = 1000
	for _, a := range asks {
		for more := a.ready && !a.done.IsZero(); more; {
			pending := client.Do(ctx, client.B().Xpending().Key(a.key).Group(f.group).Start("-").End(a.done.String()).Count(page).Build())
			list, err := pending.ToArray()
			if pending.NonRedisError() != nil {
				return pending.NonRedisError()
			}
			if err != nil || len(list) == 0 {
				break
			}
			done := make([]string, len(list))
			for i, one := range list {
				if done[i], err = first(one); err != nil {
					return err
				}
			}
			acked := client.Do(ctx, client.B().Xack().Key(a.key).Group(f.group).Id(done...).Build())
			if acked.NonRedisError() != nil {
				return acked.NonRedisError()
			}
			more = len(list) == page && acked.Error() == nil
		}
	}
	return nil
}

func first(m rueidis.RedisMessage) (string, error) {
	list, err := m.ToArray()
	if err != nil || len(list) == 0 {
		return "", errors.Join(errors.New("a pending entry has no id"), err)
	}
	return list[0].ToString()
}
