package postgres

import (
	"context"
	"database/sql"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headrace/headrace/driver"
)

// dialect is the [sqlstore.Dialect] of PostgreSQL. Its clock is the database's: all processes go by the same one.
type dialect struct {
	schema      string
	lockTimeout time.Duration
	ahead       func() time.Duration // how far the clock is put forward, by tests; nil: not at all
}

// Now is when the statement began. So it is stable within it and indexes can serve it; and whoever waits for a lock takes a lease for too short
// rather than for too long.
func (dialect) Now() string {
	return "(CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT) + CAST($1 AS BIGINT))"
}

func (d dialect) NowArgument() any {
	if d.ahead == nil {
		return int64(0)
	}
	return d.ahead().Microseconds()
}

func (dialect) Lock() string { return "FOR UPDATE" }

func (d dialect) Prefix() string { return quote(d.schema) + "." }

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func (dialect) Context(ctx context.Context) context.Context { return ctx }

// LockKeys implements [sqlstore.Dialect]. Ids of the outbox are given out when rows are inserted, not when they are committed: without the locks
// the later of two transactions could have the lower id.
func (d dialect) LockKeys(ctx context.Context, tx *sql.Tx, messages []driver.Message) error {
	locks := make([]int64, len(messages))
	for i, m := range messages {
		locks[i] = d.lock(m)
	}
	slices.Sort(locks)
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(l) FROM unnest($1::BIGINT[]) AS l`, slices.Compact(locks))
	return err
}

// lock is the number of a key's lock. Numbers are shared by the whole database. Two keys that happen to have the same one wait for each other
// without need.
func (d dialect) lock(m driver.Message) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(d.schema + "\x00" + m.Partition.Topic + "\x00" + m.Key)) // it cannot fail
	return int64(h.Sum64())
}

// Insert implements [sqlstore.Dialect]: one statement, whatever the number of rows, with an array for each column.
func (d dialect) Insert(ctx context.Context, tx *sql.Tx, table string, columns []string, values []any) error {
	if len(values) == 0 {
		return nil
	}
	arrays := make([]any, len(columns))
	types := make([]string, len(columns))
	for i := range columns {
		arrays[i], types[i] = column(values[i:], len(columns))
	}
	_, err := tx.ExecContext(ctx, d.insertSQL(table, columns, types), arrays...)
	return err
}

// insertSQL keeps the order of rows, which is that of the ids that they get.
func (d dialect) insertSQL(table string, columns, types []string) string {
	list := strings.Join(columns, ", ")
	var b strings.Builder
	b.WriteString("INSERT INTO " + d.Prefix() + table + " (" + list + ") SELECT " + list + " FROM unnest(")
	for i, typ := range types {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(parameter(i+1) + "::" + typ)
	}
	b.WriteString(") WITH ORDINALITY AS v (" + list + ", ordinal) ORDER BY ordinal")
	return b.String()
}
