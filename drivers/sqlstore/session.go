package sqlstore

import (
	"context"
	"database/sql"
)

// session runs the store's statements, in a transaction or outside of one.
type session struct {
	store *Store
	on    interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

func args(list ...any) []any { return list }

// exec runs a statement and returns how many rows it changed.
func (s session) exec(ctx context.Context, text string, arguments ...any) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	result, err := s.on.ExecContext(s.store.dialect.Context(ctx), s.store.sql(text), arguments...)
	if err != nil {
		return 0, s.store.classify(err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// each runs a query and calls a function for every row, until it returns false or an error.
func (s session) each(ctx context.Context, text string, arguments []any, row func(*sql.Rows) (bool, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rows, err := s.on.QueryContext(s.store.dialect.Context(ctx), s.store.sql(text), arguments...)
	if err != nil {
		return s.store.classify(err)
	}
	defer rows.Close()
	for rows.Next() {
		if more, err := row(rows); err != nil || !more {
			return err
		}
	}
	return s.store.classify(rows.Err())
}

// one runs a query and scans its first row, and reports whether there was one.
func (s session) one(ctx context.Context, text string, arguments []any, into ...any) (found bool, err error) {
	err = s.each(ctx, text, arguments, func(rows *sql.Rows) (bool, error) {
		found = true
		return false, rows.Scan(into...)
	})
	return found && err == nil, err
}

// collect runs a query and returns what a function makes of its rows.
func collect[T any](ctx context.Context, s session, text string, arguments []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	var list []T
	err := s.each(ctx, text, arguments, func(rows *sql.Rows) (bool, error) {
		item, err := scan(rows)
		list = append(list, item)
		return true, err
	})
	return list, err
}
