// Package bulk inserts many rows with few statements.
package bulk

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// chunk is how many rows one statement takes at most: more is hardly faster, and the number of parameters stays far below what databases
// accept.
const chunk = 100

// Insert adds rows, all of the same width, in their order. into is "table (a, b)"; after is what follows the values, such as "ON CONFLICT
// DO NOTHING", or empty. It returns how many rows were added.
func Insert(ctx context.Context, tx *sql.Tx, into string, rows [][]any, after string) (int64, error) {
	var added int64
	for part := range slices.Chunk(rows, chunk) {
		args := make([]any, 0, len(part)*len(part[0]))
		for _, row := range part {
			args = append(args, row...)
		}
		statement := "INSERT INTO " + into + " VALUES " + values(len(part), len(part[0])) + " " + after
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return added, fmt.Errorf("insert %d rows into %s: %w", len(part), into, err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return added, fmt.Errorf("insert into %s: %w", into, err)
		}
		added += n
	}
	return added, nil
}

// List is a parenthesised list of n placeholders, the first of which is $first.
func List(first, n int) string {
	var b strings.Builder
	writeRow(&b, first, n)
	return b.String()
}

func values(rows, width int) string {
	var b strings.Builder
	b.Grow(rows * (width*6 + 2))
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		writeRow(&b, i*width+1, width)
	}
	return b.String()
}

func writeRow(b *strings.Builder, first, width int) {
	for i := range width {
		b.WriteByte("(,"[min(i, 1)])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
}
