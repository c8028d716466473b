package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/identity/contract"
)

// account is the row of a user.
type account struct {
	userID, email, passwordHash, displayName, role string
	createdAt                                      time.Time
}

// addAccount reports false if the address is taken.
func addAccount(ctx context.Context, tx *headrace.Tx, a account) (bool, error) {
	result, err := tx.SQL().ExecContext(ctx, `INSERT INTO account (user_id, email, password_hash, display_name, role, created_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING`,
		a.userID, a.email, a.passwordHash, a.displayName, a.role, tx.Now().UnixMicro())
	if err != nil {
		return false, fmt.Errorf("add account: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// findAccount looks an account up by one of its unique columns.
func findAccount(ctx context.Context, tx *headrace.Tx, column, value string) (account, bool, error) {
	var a account
	var created int64
	err := tx.SQL().QueryRowContext(ctx, `SELECT user_id, email, password_hash, display_name, role, created_at FROM account
		WHERE `+column+` = $1`, value).Scan(&a.userID, &a.email, &a.passwordHash, &a.displayName, &a.role, &created)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return a, false, nil
	case err != nil:
		return a, false, fmt.Errorf("find account: %w", err)
	}
	a.createdAt = time.UnixMicro(created).UTC()
	return a, true, nil
}

func renameAccount(ctx context.Context, tx *headrace.Tx, userID, name string) error {
	if _, err := tx.SQL().ExecContext(ctx, `UPDATE account SET display_name = $2 WHERE user_id = $1`, userID, name); err != nil {
		return fmt.Errorf("rename account: %w", err)
	}
	return nil
}

// addSession also clears away sessions that are over, so that the table does not grow for ever.
func addSession(ctx context.Context, tx *headrace.Tx, hash, userID string, expires time.Time) error {
	if _, err := tx.SQL().ExecContext(ctx, `DELETE FROM session WHERE expires_at <= $1`, tx.Now().UnixMicro()); err != nil {
		return fmt.Errorf("clear old sessions: %w", err)
	}
	_, err := tx.SQL().ExecContext(ctx, `INSERT INTO session (token_hash, user_id, expires_at) VALUES ($1, $2, $3)`,
		hash, userID, expires.UnixMicro())
	if err != nil {
		return fmt.Errorf("add session: %w", err)
	}
	return nil
}

func removeSession(ctx context.Context, tx *headrace.Tx, hash string) error {
	if _, err := tx.SQL().ExecContext(ctx, `DELETE FROM session WHERE token_hash = $1`, hash); err != nil {
		return fmt.Errorf("remove session: %w", err)
	}
	return nil
}

// findSession fails with ErrNoSession for a session that is over.
func findSession(ctx context.Context, tx *headrace.Tx, hash string) (contract.Principal, error) {
	var p contract.Principal
	var expires int64
	err := tx.SQL().QueryRowContext(ctx, `SELECT a.user_id, a.display_name, a.role, s.expires_at
		FROM session s JOIN account a ON a.user_id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > $2`,
		hash, tx.Now().UnixMicro()).Scan(&p.UserID, &p.DisplayName, &p.Role, &expires)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return p, contract.ErrNoSession
	case err != nil:
		return p, fmt.Errorf("find session: %w", err)
	}
	p.ExpiresAt = time.UnixMicro(expires).UTC()
	return p, nil
}
