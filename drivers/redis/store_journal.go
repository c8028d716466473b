package redis

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// ReadJournal implements [driver.Journal]. The journal is the stream.
func (s *Store) ReadJournal(ctx context.Context, p driver.Partition, after driver.Position, limit, maxBytes int) (driver.Page, error) {
	if after.IsZero() {
		after = driver.Start
	}
	client, err := s.client(ctx)
	if err != nil {
		return driver.Page{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.broker.timeout)
	defer cancel()
	keys := []string{s.key("heads"), s.key("floors"), s.key("epochs"), s.broker.layout.key(p)}
	reply, err := s.page.Exec(ctx, client, keys, []string{p.String(), after.String(), fmt.Sprint(limit)}).ToArray()
	if err != nil {
		return driver.Page{}, fmt.Errorf("redis: read journal of %s: %w", p, err)
	}
	page, err := decodePage(reply)
	if err != nil {
		return page, fmt.Errorf("redis: read journal of %s: %w", p, err)
	}
	if page.Floor != driver.Start && page.Floor.After(after) {
		page.Entries = nil
		return page, fmt.Errorf("read journal %s after %s: %w: its floor is %s", p, after, driver.ErrTrimmed, page.Floor)
	}
	if limit > 0 {
		page.Lost = lost(after, page)
	}
	size := 0
	for i, e := range page.Entries {
		if size += len(e.Meta) + len(e.Data); i > 0 && size > maxBytes {
			page.Entries = page.Entries[:i:i]
			break
		}
	}
	return page, nil
}

// lost is up to where a stream lacks what was numbered after a position. Each epoch goes on where its base was.
func lost(after driver.Position, page driver.Page) driver.Position {
	next := page.Head
	if len(page.Entries) > 0 {
		next = page.Entries[0].Position
		next.Seq--
	}
	if next.Epoch != after.Epoch || next.Seq <= after.Seq {
		return driver.Position{}
	}
	return next
}

func decodePage(reply []rueidis.RedisMessage) (page driver.Page, err error) {
	var texts [3]string
	for i := range texts {
		if texts[i], err = reply[i].ToString(); err != nil {
			return page, err
		}
	}
	if page.Head, err = driver.ParsePosition(texts[0]); err != nil {
		return page, err
	}
	if page.Floor, err = driver.ParsePosition(texts[1]); err != nil {
		return page, err
	}
	if page.Epochs, err = parseEpochs(texts[2]); err != nil {
		return page, err
	}
	page.Entries, err = decodeEntries(reply[3])
	return page, err
}

// parseEpochs reads epochs as they are kept: "2-17 3-40", number and base.
func parseEpochs(text string) (list []driver.Epoch, err error) {
	for word := range strings.FieldsSeq(text) {
		p, err := driver.ParsePosition(word)
		if err != nil {
			return nil, err
		}
		list = append(list, driver.Epoch{Number: p.Epoch, Base: p.Seq})
	}
	return list, nil
}

// Heads implements [driver.Journal].
func (s *Store) Heads(ctx context.Context) (map[driver.Partition]driver.Position, error) {
	return s.positions(ctx, "heads")
}

// positions reads a hash of positions; owned partitions that are not in it stand at the start.
func (s *Store) positions(ctx context.Context, name string) (map[driver.Partition]driver.Position, error) {
	rows, err := s.begin(true).all(ctx, s.key(name))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	owned := s.owned
	s.mu.Unlock()
	list := map[driver.Partition]driver.Position{}
	for _, p := range owned {
		list[p] = driver.Start
		if r := rows[p.String()]; r != nil {
			if list[p], err = driver.ParsePosition(r.is); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// TrimJournal implements [driver.Journal]. It is exact.
func (s *Store) TrimJournal(ctx context.Context, p driver.Partition, upTo driver.Position) (trimmed int, err error) {
	err = s.update(ctx, func(tx *transaction) error {
		trimmed = 0
		floor, err := tx.get(ctx, s.key("floors"), p.String(), true)
		if err != nil {
			return err
		}
		head, err := tx.get(ctx, s.key("heads"), p.String(), false)
		if err != nil || !head.here {
			return err
		}
		m, err := s.ask(ctx, func(b rueidis.Builder) rueidis.Completed {
			return b.Xrange().Key(s.broker.layout.key(p)).Start("-").End(upTo.String()).Build()
		})
		if err != nil {
			return err
		}
		list, err := decodeEntries(m)
		if err != nil || len(list) == 0 {
			return err
		}
		last := list[len(list)-1].Position
		trimmed = len(list)
		floor.set(last.String())
		tx.do("trim", s.broker.layout.key(p), last.Next().String(), "")
		return nil
	})
	return trimmed, err
}
