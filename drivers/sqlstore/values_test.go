package sqlstore

import "testing"

func TestRelation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, rows int
		types        []string
		want         string
	}{
		{0, 1, []string{"TEXT"}, "VALUES (CAST($1 AS TEXT))"},
		{1, 1, []string{"TEXT", "BIGINT"}, "VALUES (CAST($2 AS TEXT), CAST($3 AS BIGINT))"},
		{2, 3, []string{"TEXT", "BIGINT"}, "VALUES (CAST($3 AS TEXT), CAST($4 AS BIGINT)), ($5, $6), ($7, $8)"},
	} {
		if got := relation(c.before, c.rows, c.types...); got != c.want {
			t.Errorf("%d rows of %v after %d parameters: %s; want %s", c.rows, c.types, c.before, got, c.want)
		}
	}
}
