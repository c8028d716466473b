package sqlstore

import (
	"strconv"
	"strings"
)

// relationRows is how many rows one statement gets as VALUES at most: databases limit parameters, and look names of them up one by one.
const relationRows = 64

// relation writes rows of parameters as a relation, "VALUES ($1, $2), ($3, $4)", whose columns are called column1, column2 and so on. The
// types of its columns are given, because parameters have none. Numbering starts after the parameters that come before.
func relation(before, rows int, types ...string) string {
	var b strings.Builder
	b.WriteString("VALUES ")
	n := before
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		for column, typ := range types {
			b.WriteString([]string{"(", ", "}[min(column, 1)])
			n++
			if row == 0 {
				b.WriteString("CAST($" + strconv.Itoa(n) + " AS " + typ + ")")
			} else {
				b.WriteString("$" + strconv.Itoa(n))
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}
