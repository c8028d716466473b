package bulk

import "testing"

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"($1)":                    List(1, 1),
		"($3,$4,$5)":              List(3, 3),
		"($1,$2)":                 values(1, 2),
		"($1,$2),($3,$4),($5,$6)": values(3, 2),
		"($1),($2),($3)":          values(3, 1),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
