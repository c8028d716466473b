package sqlstore

import (
	"fmt"
	"time"
)

// micros is a time as the database keeps it: microseconds since 1970, and 0 for no time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// What follows scans columns into fields without the detours that database/sql takes for these types: number for uint64, integer for int, and
// blob for bytes, which it would copy.

type number uint64

// Scan implements [sql.Scanner].
func (n *number) Scan(value any) error {
	v, ok := value.(int64)
	*n = number(v)
	return expect(ok, value)
}

type integer int

// Scan implements [sql.Scanner].
func (n *integer) Scan(value any) error {
	v, ok := value.(int64)
	*n = integer(v)
	return expect(ok, value)
}

type blob []byte

// Scan implements [sql.Scanner].
func (b *blob) Scan(value any) error {
	v, ok := value.([]byte)
	*b = v
	return expect(ok || value == nil, value)
}

func expect(ok bool, value any) error {
	if !ok {
		return fmt.Errorf("column has an unexpected value of type %T", value)
	}
	return nil
}
