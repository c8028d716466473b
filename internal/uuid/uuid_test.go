package uuid_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/headrace/headrace/internal/uuid"
)

var form = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestV7HasTheFormOfRFC9562(t *testing.T) {
	for range 1000 {
		if id := uuid.V7(time.Now()); !form.MatchString(id) {
			t.Fatalf("%q is no UUID of version 7", id)
		}
	}
}

func TestV7CarriesTheTime(t *testing.T) {
	// The example of RFC 9562, appendix A.6: 2022-02-22 14:22:22.00-05:00 is 017F22E2-79B0.
	id := uuid.V7(time.Date(2022, 2, 22, 19, 22, 22, 0, time.UTC))
	if got, want := id[:13], "017f22e2-79b0"; got != want {
		t.Errorf("time part is %s, want %s", got, want)
	}
}

func TestV7SortsByTime(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	last := ""
	for i := range 10_000 {
		id := uuid.V7(now.Add(time.Duration(i) * time.Microsecond))
		if id <= last {
			t.Fatalf("id %d: %s does not sort after %s", i, id, last)
		}
		last = id
	}
}
