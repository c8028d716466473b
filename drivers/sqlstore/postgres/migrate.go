package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migration/*.sql
var migrations embed.FS

// ownMigrations are those of Headrace's tables.
func ownMigrations() fs.FS {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the name is not a path
	}
	return files
}

// The tables in which goose notes what was run, in the schema of the service.
const (
	ownTable     = "headrace_migration"
	serviceTable = "service_migration"
)

// migrateOwn makes Headrace's tables what this release knows. Tables of a newer one are not touched.
func migrateOwn(ctx context.Context, db *sql.DB) error {
	provider, err := newProvider(db, ownTable, ownMigrations())
	if err != nil {
		return err
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read their version: %w", err)
	}
	if current > known {
		return fmt.Errorf("they are of version %d, made by a newer release; this one knows versions up to %d", current, known)
	}
	return up(ctx, provider)
}

// migrateService runs a service's own migrations. A newer version of the service may have run more of them: it can be replaced by an older one.
func migrateService(ctx context.Context, db *sql.DB, files fs.FS) error {
	provider, err := newProvider(db, serviceTable, files)
	if err != nil {
		return err
	}
	return up(ctx, provider)
}

// newProvider is for a database whose connections find and make tables in the schema.
func newProvider(db *sql.DB, table string, files fs.FS) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName(table), goose.WithDisableGlobalRegistry(true))
}

// up runs what was not run yet. It is an error if that comes before something that was.
func up(ctx context.Context, provider *goose.Provider) error {
	_, err := provider.Up(ctx)
	if failed, ok := errors.AsType[*goose.PartialError](err); ok {
		return fmt.Errorf("%s: %w", failed.Failed.Source.Path, failed.Err)
	}
	return err
}
