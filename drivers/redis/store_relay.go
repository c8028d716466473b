package redis

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// Setup implements [driver.Store].
func (s *Store) Setup(ctx context.Context, setup driver.Setup) error {
	var owned []driver.Partition
	for _, size := range setup.Owns {
		s.broker.only.Store(size.Topic, true)
		for n := range size.Partitions {
			owned = append(owned, driver.Partition{Topic: size.Topic, Number: n})
		}
	}
	s.mu.Lock()
	s.owned = owned
	s.mu.Unlock()
	if err := s.identify(ctx); err != nil {
		return err
	}
	return s.update(ctx, func(tx *transaction) error {
		for _, size := range slices.Concat(setup.Owns, setup.Follows) {
			r, err := tx.get(ctx, s.key("sizes"), size.Topic, true)
			if err != nil {
				return err
			}
			if n := strconv.Itoa(size.Partitions); r.here && r.is != n {
				return fmt.Errorf("set up topic %q: %w: it has %s, not %s", size.Topic, driver.ErrPartitions, r.is, n)
			} else if !r.here {
				r.set(n)
			}
		}
		return nil
	})
}

// Number implements [driver.Relay]. What was published has its number already: Number moves due timers to the streams and tells what has
// been appended since it was last called.
func (s *Store) Number(ctx context.Context, fence uint64, limit int) (n driver.Numbered, err error) {
	now, err := s.now(ctx)
	if err != nil {
		return n, err
	}
	err = s.update(ctx, func(tx *transaction) error {
		n = driver.Numbered{}
		if _, _, err := tx.fenced(ctx, driver.RelayGroup, driver.RelayLease, fence); err != nil {
			return fmt.Errorf("number events: %w", err)
		}
		return tx.fire(ctx, now)
	})
	if err != nil {
		return n, err
	}
	err = s.update(ctx, func(tx *transaction) error {
		n = driver.Numbered{}
		if _, _, err := tx.fenced(ctx, driver.RelayGroup, driver.RelayLease, fence); err != nil {
			return fmt.Errorf("number events: %w", err)
		}
		return tx.tell(ctx, &n, limit)
	})
	if err == nil {
		n.Next, err = s.nextTimer(ctx)
	}
	return n, err
}

// fire publishes the timers that are due, in the order in which they fell due.
func (tx *transaction) fire(ctx context.Context, now time.Time) error {
	m, err := tx.store.ask(ctx, func(b rueidis.Builder) rueidis.Completed {
		return b.Zrangebyscore().Key(tx.store.key("due")).Min("-inf").Max(micros(now)).Build()
	})
	if err != nil {
		return fmt.Errorf("redis: due timers: %w", err)
	}
	list, err := m.AsStrSlice()
	if err != nil {
		return err
	}
	for _, member := range list {
		r, err := tx.get(ctx, tx.store.key("timers"), member[serialLength:], true)
		if err != nil {
			return err
		}
		tx.do("zrem", tx.store.key("due"), member, "")
		if !r.here {
			continue
		}
		timer, err := unpack[driver.Timer](r.is)
		if err != nil {
			return err
		}
		if timer.Due.After(now) { // the token was used again
			continue
		}
		r.remove()
		tx.messages = append(tx.messages, timer.Message)
	}
	return nil
}

// tell fills in what was appended since the last time.
func (tx *transaction) tell(ctx context.Context, n *driver.Numbered, limit int) error {
	s := tx.store
	heads, err := s.Heads(ctx)
	if err != nil {
		return err
	}
	for _, p := range slices.SortedFunc(maps.Keys(heads), driver.Partition.Compare) {
		told, err := tx.get(ctx, s.key("told"), p.String(), true)
		if err != nil {
			return err
		}
		after := driver.Start
		if told.here {
			if after, err = driver.ParsePosition(told.is); err != nil {
				return err
			}
		}
		if !heads[p].After(after) {
			continue
		}
		if limit <= 0 {
			n.More = true
			break
		}
		page, err := s.ReadJournal(ctx, p, after, limit, 1<<30)
		if err != nil {
			return err
		}
		if len(page.Entries) == 0 {
			told.set(page.Head.String())
			continue
		}
		told.set(page.Entries[len(page.Entries)-1].Position.String())
		n.Batches = append(n.Batches, driver.Batch{Partition: p, Entries: page.Entries})
		limit -= len(page.Entries)
		n.More = n.More || page.Head.After(page.Entries[len(page.Entries)-1].Position)
	}
	return nil
}

func (s *Store) nextTimer(ctx context.Context) (time.Time, error) {
	m, err := s.ask(ctx, func(b rueidis.Builder) rueidis.Completed {
		return b.Zrange().Key(s.key("due")).Min("0").Max("0").Withscores().Build()
	})
	if err != nil {
		return time.Time{}, err
	}
	list, err := m.AsZScores()
	if err != nil || len(list) == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(int64(list[0].Score)).UTC(), nil
}

// RaiseEpoch implements [driver.Relay].
func (s *Store) RaiseEpoch(ctx context.Context, p driver.Partition, seen driver.Position) (head driver.Position, raised bool, err error) {
	err = s.update(ctx, func(tx *transaction) error {
		head, raised = driver.Start, false
		r, err := tx.get(ctx, s.key("heads"), p.String(), true)
		if err != nil {
			return err
		}
		if r.here {
			if head, err = driver.ParsePosition(r.is); err != nil {
				return err
			}
		}
		if !seen.After(head) {
			return nil
		}
		head.Epoch, raised = max(seen.Epoch, head.Epoch)+1, true
		return tx.raise(ctx, p, r, head)
	})
	return head, raised, err
}

// Pending implements [driver.Relay]. Nothing ever waits.
func (s *Store) Pending(ctx context.Context) (int, time.Time, error) {
	_, err := s.client(ctx)
	return 0, time.Time{}, err
}
