package redis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/redis/rueidis"

	"github.com/headrace/headrace/driver"
)

// The two fields of an entry.
const (
	metaField = "m"
	dataField = "d"
)

// decodeEntry makes an entry of what Redis returns for one: its id and its fields. What was written by somebody else has other fields; it
// has no metadata then, and its data is a dump of them.
func decodeEntry(m rueidis.RedisMessage) (driver.Entry, error) {
	parts, err := m.ToArray()
	if err != nil || len(parts) != 2 {
		return driver.Entry{}, errors.Join(errors.New("redis: an entry is not an id with fields"), err)
	}
	id, err := parts[0].ToString()
	if err != nil {
		return driver.Entry{}, fmt.Errorf("redis: id of an entry: %w", err)
	}
	e := driver.Entry{}
	if e.Position, err = driver.ParsePosition(id); err != nil {
		return driver.Entry{}, fmt.Errorf("redis: id of an entry: %w", err)
	}
	fields, err := parts[1].ToArray()
	if err == nil {
		e.Meta, e.Data, err = decodeFields(fields)
	}
	if err != nil {
		return driver.Entry{}, fmt.Errorf("redis: fields of entry %s: %w", id, err)
	}
	return e, nil
}

// decodeFields returns metadata and data, without a copy, or no metadata and a dump.
func decodeFields(fields []rueidis.RedisMessage) (meta, data []byte, err error) {
	if len(fields) == 4 && is(fields[0], metaField) && is(fields[2], dataField) {
		meta, err1 := fields[1].AsBytes()
		data, err2 := fields[3].AsBytes()
		return meta, data, errors.Join(err1, err2)
	}
	all := make([][]byte, len(fields))
	for i := range fields {
		if all[i], err = fields[i].AsBytes(); err != nil {
			return nil, nil, err
		}
	}
	return nil, dump(all), nil
}

func is(m rueidis.RedisMessage, name string) bool {
	text, err := m.ToString()
	return err == nil && text == name
}

func decodeEntries(m rueidis.RedisMessage) ([]driver.Entry, error) {
	list, err := m.ToArray()
	if err != nil {
		return nil, err
	}
	entries := make([]driver.Entry, len(list))
	for i, one := range list {
		if entries[i], err = decodeEntry(one); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// dump writes fields and values as a JSON object that a person can read. The order stays, and so do fields that are there twice. What is
// not UTF-8 is an object with its bytes in base64.
func dump(fields [][]byte) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := 0; i+1 < len(fields); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quote(string(bytes.ToValidUTF8(fields[i], []byte("\uFFFD")))))
		b.WriteByte(':')
		if value := fields[i+1]; utf8.Valid(value) {
			b.Write(quote(string(value)))
		} else {
			b.Write(quote(map[string][]byte{"base64": value}))
		}
	}
	b.WriteByte('}')
	return b.Bytes()
}

func quote(v any) []byte {
	text, _ := json.Marshal(v) // strings and bytes can always be written
	return text
}
