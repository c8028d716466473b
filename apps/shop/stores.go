package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/headrace/headrace/apps/shop/archive"
	"github.com/headrace/headrace/apps/shop/identity"
	"github.com/headrace/headrace/apps/shop/inventory"
	"github.com/headrace/headrace/apps/shop/notifications"
	"github.com/headrace/headrace/apps/shop/orders"
	"github.com/headrace/headrace/apps/shop/payments"
	"github.com/headrace/headrace/apps/shop/payments/provider"
	"github.com/headrace/headrace/apps/shop/shipping"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/drivers/sqlstore"
	"github.com/headrace/headrace/drivers/sqlstore/postgres"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
)

// connections is how many connections to PostgreSQL a process has at most, for all its services together: six full shops and some tools stay
// below the hundred that a server allows unless it is told otherwise. pool_max_conns in the URL says another number.
const connections = 12

// stores are the databases of the services that this process runs or asks, and the file of the payment provider, who is nobody's service.
type stores struct {
	services map[string]driver.Store
	pool     *pgxpool.Pool // nil: services have files
	provider *provider.Provider
}

func schemas() map[string]string {
	return map[string]string{
		"identity": identity.Schema, "orders": orders.Schema, "payments": payments.Schema, "inventory": inventory.Schema,
		"shipping": shipping.Schema, "notifications": notifications.Schema, "archive": archive.Schema,
	}
}

// openStores opens a database for each service. When one cannot be opened, those that were are closed again.
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
	if c.postgres != "" {
		if s.pool, err = openPool(ctx, c.postgres); err != nil {
			return err
		}
	}
	for name, schema := range schemas() {
		if !c.opens(name) {
			continue
		}
		if s.services[name], err = s.openStore(ctx, c, name, schema); err != nil {
			return err
		}
	}
	if c.runs("payments") {
		s.provider, err = provider.Open(ctx, provider.Config{Path: c.file("provider")})
	}
	return err
}

// openPool makes a pool, which connects when it is first used.
func openPool(ctx context.Context, address string) (*pgxpool.Pool, error) {
	options, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if !strings.Contains(address, "pool_max_conns") {
		options.MaxConns = connections
	}
	pool, err := pgxpool.NewWithConfig(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return pool, nil
}

// openStore opens the database of a service: a schema of its own, or a file.
func (s *stores) openStore(ctx context.Context, c config, name, schema string) (driver.Store, error) {
	var store *sqlstore.Store
	var err error
	if s.pool != nil {
		store, err = postgres.Open(ctx, postgres.Config{Pool: s.pool, Schema: name, Tables: schema})
	} else {
		store, err = sqlite.Open(ctx, sqlite.Config{Path: c.file(name), Schema: schema})
	}
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
	if s.pool != nil {
		s.pool.Close()
	}
	if s.provider != nil {
		problems = append(problems, s.provider.Close())
	}
	return errors.Join(problems...)
}
