package postgres

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed schema.sql
var schema string

// schemaVersion is the version of schema.sql. A database of a later one is not touched.
const schemaVersion = 1

// setUpLock is the advisory lock of those who make tables, in any schema of the database.
const setUpLock = 0x6865616472616365 // "headrace"

// setUp makes schema and tables in one transaction, one process after the other.
func setUp(ctx context.Context, pool *pgxpool.Pool, name, own string) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(setUpLock)); err != nil {
			return fmt.Errorf("wait for others who set up: %w", err)
		}
		if err := makeSchema(ctx, tx, name); err != nil {
			return fmt.Errorf("make the schema: %w", err)
		}
		if err := makeTables(ctx, tx); err != nil {
			return fmt.Errorf("make headrace's tables: %w", err)
		}
		if own == "" {
			return nil
		}
		if _, err := tx.Exec(ctx, own); err != nil {
			return fmt.Errorf("make the service's tables: %w", err)
		}
		return nil
	})
}

// makeSchema does not try to create what is there: that needs a right of its own.
func makeSchema(ctx context.Context, tx pgx.Tx, name string) error {
	var there bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`, name).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := tx.Exec(ctx, `CREATE SCHEMA `+quote(name)); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `SET LOCAL search_path = `+quote(name))
	return err
}

// makeTables leaves tables alone that are there: even IF NOT EXISTS makes an index wait for all who write.
func makeTables(ctx context.Context, tx pgx.Tx) error {
	var there bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass('headrace_schema') IS NOT NULL`).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := tx.Exec(ctx, schema); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO headrace_schema (version) VALUES ($1)`, schemaVersion)
		return err
	}
	var version int
	if err := tx.QueryRow(ctx, `SELECT version FROM headrace_schema`).Scan(&version); err != nil {
		return fmt.Errorf("read their version: %w", err)
	}
	if version > schemaVersion {
		return fmt.Errorf("they are of version %d, made by a newer release; this one knows versions up to %d", version, schemaVersion)
	}
	return nil
}
