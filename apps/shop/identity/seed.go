package identity

import (
	"context"
	"errors"
	"fmt"

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
		_, err := i.register(ctx, contract.Register{Email: u.email, Password: u.password, DisplayName: u.name}, u.role)
		if err != nil && !errors.Is(err, contract.ErrEmailTaken) {
			return fmt.Errorf("seed identity: %w", err)
		}
	}
	return nil
}
