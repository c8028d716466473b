package verify

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// openSchema begins a moment of a service's schema. All of the moment's statements see the same state, and can write nothing.
func openSchema(ctx context.Context, url, name string) (moment, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return moment{}, err
	}
	config.RuntimeParams["search_path"] = pgx.Identifier{name}.Sanitize()
	m := moment{db: stdlib.OpenDB(*config)}
	if err := m.beginIn(ctx, name); err != nil {
		m.close()
		return moment{}, err
	}
	return m, nil
}

func (m *moment) beginIn(ctx context.Context, schema string) (err error) {
	if m.tx, err = m.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}); err != nil {
		return err
	}
	var there bool
	err = m.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`, schema).Scan(&there)
	if err == nil && !there {
		err = fmt.Errorf("%w: the database has no schema %s", ErrNoData, schema)
	}
	return err
}
