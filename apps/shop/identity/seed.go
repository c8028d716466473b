package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/identity/contract"
)

// The accounts of a fresh shop. They are no secret: a shop that others can reach must not keep them.
const (
	DemoEmail     = "demo@shop.test"
	DemoPassword  = "demo-password"
	AdminEmail    = "admin@shop.test"
	AdminPassword = "admin-password"
)

// Seed opens the demo accounts, unless they exist.
func (i *Identity) Seed(ctx context.Context) error {
	for _, u := range []struct{ email, password, name, role string }{
		{DemoEmail, DemoPassword, "Demo", contract.RoleCustomer},
		{AdminEmail, AdminPassword, "Admin", contract.RoleAdmin},
	} {
		if err := i.seed(ctx, contract.Register{Email: u.email, Password: u.password, DisplayName: u.name}, u.role); err != nil {
			return fmt.Errorf("seed identity: %w", err)
		}
	}
	return nil
}

// seed looks before it registers, because hashing a password takes its time at every start.
func (i *Identity) seed(ctx context.Context, r contract.Register, role string) error {
	var found bool
	err := i.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		_, found, err = findAccount(ctx, tx, "email", r.Email)
		return err
	})
	if err != nil || found {
		return err
	}
	if _, err := i.register(ctx, r, role); err != nil && !errors.Is(err, contract.ErrEmailTaken) {
		return err
	}
	return nil
}
