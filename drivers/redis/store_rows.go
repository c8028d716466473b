package redis

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"

	"github.com/redis/rueidis"
)

// row is a field of a hash as a transaction sees it.
type row struct {
	was, is     string
	there, here bool // before the transaction, and now
	checked     bool // the commit insists that nobody changed it
}

// get reads a field, once.
func (tx *transaction) get(ctx context.Context, key, field string, check bool) (*row, error) {
	r := tx.rows[key][field]
	if r == nil && tx.whole[key] {
		r = &row{}
		tx.put(key, field, r)
	}
	if r == nil {
		m, err := tx.store.ask(ctx, func(b rueidis.Builder) rueidis.Completed { return b.Hget().Key(key).Field(field).Build() })
		if err != nil && !rueidis.IsRedisNil(err) {
			return nil, fmt.Errorf("redis: read %s: %w", key, err)
		}
		r = &row{}
		if err == nil {
			if r.was, err = m.ToString(); err != nil {
				return nil, err
			}
			r.is, r.there, r.here = r.was, true, true
		}
		tx.put(key, field, r)
	}
	r.checked = r.checked || check
	return r, nil
}

// load reads several fields with one command, so that get has them.
func (tx *transaction) load(ctx context.Context, key string, fields []string) error {
	var missing []string
	for _, f := range fields {
		if tx.rows[key][f] == nil && !tx.whole[key] {
			missing = append(missing, f)
		}
	}
	if len(missing) < 2 {
		return nil
	}
	m, err := tx.store.ask(ctx, func(b rueidis.Builder) rueidis.Completed { return b.Hmget().Key(key).Field(missing...).Build() })
	if err != nil {
		return fmt.Errorf("redis: read %s: %w", key, err)
	}
	list, err := m.ToArray()
	if err != nil || len(list) != len(missing) {
		return fmt.Errorf("redis: read %s: %d values for %d fields: %w", key, len(list), len(missing), err)
	}
	for i, f := range missing {
		r := &row{}
		if !list[i].IsNil() {
			if r.was, err = list[i].ToString(); err != nil {
				return fmt.Errorf("redis: read %s: %w", key, err)
			}
			r.is, r.there, r.here = r.was, true, true
		}
		tx.put(key, f, r)
	}
	return nil
}

func (tx *transaction) put(key, field string, r *row) {
	if tx.rows[key] == nil {
		tx.rows[key] = map[string]*row{}
	}
	tx.rows[key][field] = r
}

// all reads a whole hash.
func (tx *transaction) all(ctx context.Context, key string) (map[string]*row, error) {
	if !tx.whole[key] {
		m, err := tx.store.ask(ctx, func(b rueidis.Builder) rueidis.Completed { return b.Hgetall().Key(key).Build() })
		if err != nil {
			return nil, fmt.Errorf("redis: read %s: %w", key, err)
		}
		list, err := m.AsStrMap()
		if err != nil {
			return nil, fmt.Errorf("redis: read %s: %w", key, err)
		}
		for field, value := range list {
			if tx.rows[key][field] == nil {
				tx.put(key, field, &row{was: value, is: value, there: true, here: true})
			}
		}
		tx.whole[key] = true
	}
	return tx.rows[key], nil
}

func (r *row) set(value string) { r.is, r.here = value, true }
func (r *row) remove()          { r.is, r.here = "", false }

// changes adds what rows are checked for and what becomes of them.
func (tx *transaction) changes(c *steps) {
	for key, fields := range tx.rows {
		for field, r := range fields {
			switch {
			case r.checked && r.there:
				c.step("is", key, field, r.was)
			case r.checked:
				c.step("none", key, field, "")
			}
			switch {
			case r.here && (!r.there || r.is != r.was):
				c.step("set", key, field, r.is)
			case !r.here && r.there:
				c.step("del", key, field, "")
			}
		}
	}
}

func pack(v any) string {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		panic(err) // our own types can always be written
	}
	return b.String()
}

func unpack[T any](text string) (v T, err error) {
	err = gob.NewDecoder(bytes.NewReader([]byte(text))).Decode(&v)
	return v, err
}
