package identity

import (
	"context"
	"errors"
	"testing"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
)

// testOneAddressInTwoProcesses: whoever is first has it.
func testOneAddressInTwoProcesses(t *testing.T, d *storetest.Database) {
	first, _ := newIdentity(t, d)
	second, _ := newIdentity(t, d)
	opened := 0
	for _, err := range storetest.AtOnce(4, func(n int) error {
		_, err := []*Identity{first, second}[n%2].Register(t.Context(), ada())
		return err
	}) {
		switch {
		case err == nil:
			opened++
		case !errors.Is(err, contract.ErrEmailTaken):
			t.Error(err)
		}
	}
	if opened != 1 {
		t.Errorf("%d accounts with one address", opened)
	}
}

// testShopsOpenAtOnce: each demo account is opened once.
func testShopsOpenAtOnce(t *testing.T, d *storetest.Database) {
	processes := make([]*Identity, 4)
	for n := range processes {
		processes[n], _ = newIdentity(t, d)
	}
	storetest.Together(t, len(processes), func(n int) error { return processes[n].Seed(t.Context()) })
	accounts := 0
	err := processes[0].Service.View(t.Context(), func(ctx context.Context, tx *headrace.Tx) error {
		return tx.SQL().QueryRowContext(ctx, `SELECT count(*) FROM account`).Scan(&accounts)
	})
	if err != nil || accounts != 2 {
		t.Errorf("%d accounts, %v", accounts, err)
	}
}
