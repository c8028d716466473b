package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/headrace/headrace/apps/shop/archive"
	"github.com/headrace/headrace/apps/shop/identity"
	"github.com/headrace/headrace/apps/shop/inventory"
	"github.com/headrace/headrace/apps/shop/notifications"
	"github.com/headrace/headrace/apps/shop/orders"
	"github.com/headrace/headrace/apps/shop/payments"
	"github.com/headrace/headrace/apps/shop/payments/provider"
	"github.com/headrace/headrace/apps/shop/shipping"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
)

// stores are the databases of the services that this process runs, and the file of the payment provider, who is nobody's service.
type stores struct {
	services map[string]driver.Store
	provider *provider.Provider
}

func schemas() map[string]string {
	return map[string]string{
		"identity": identity.Schema, "orders": orders.Schema, "payments": payments.Schema, "inventory": inventory.Schema,
		"shipping": shipping.Schema, "notifications": notifications.Schema, "archive": archive.Schema,
	}
}

// openStores opens a file for each service. When one cannot be opened, those that were are closed again.
func openStores(ctx context.Context, c config) (*stores, error) {
	if err := os.MkdirAll(c.data, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	s := &stores{services: map[string]driver.Store{}}
	if err := s.open(ctx, c); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stores) open(ctx context.Context, c config) (err error) {
	for name, schema := range schemas() {
		if !c.runs(name) {
			continue
		}
		if s.services[name], err = openStore(ctx, c.file(name), schema); err != nil {
			return err
		}
	}
	if c.runs("payments") {
		s.provider, err = provider.Open(ctx, provider.Config{Path: c.file("provider")})
	}
	return err
}

func openStore(ctx context.Context, file, schema string) (driver.Store, error) {
	store, err := sqlite.Open(ctx, sqlite.Config{Path: file, Schema: schema})
	if err != nil {
		return nil, err // without a type, so that it is nil for who asks
	}
	return store, nil
}

func (s *stores) close() error {
	var problems []error
	for name, store := range s.services {
		if store == nil {
			continue
		}
		if err := store.Close(); err != nil {
			problems = append(problems, fmt.Errorf("close store of %s: %w", name, err))
		}
	}
	if s.provider != nil {
		problems = append(problems, s.provider.Close())
	}
	return errors.Join(problems...)
}
