package archive

import (
	"testing"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/archive/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
)

// testTwoProcessesKeepTheSame: each event is there once, in whatever order they keep them.
func testTwoProcessesKeepTheSame(t *testing.T, d *storetest.Database) {
	pair := [2]*Archive{newArchive(t, d), newArchive(t, d)}
	storetest.Together(t, 4, func(n int) error {
		var all []headrace.RawEvent
		for i := range 200 {
			all = append(all, event(1+i))
		}
		_, err := pair[n%2].Service.Deliver(t.Context(), all...)
		return err
	})
	for _, key := range []string{"key-0", "key-1"} {
		found, err := pair[0].History(t.Context(), contract.History{Key: key, Limit: 1000})
		if err != nil || len(found.Events) != 100 {
			t.Errorf("%d events of %s, %v", len(found.Events), key, err)
		}
	}
}
