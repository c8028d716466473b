package identity

import (
	"context"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/identity/contract"
)

// Login opens a session.
func (i *Identity) Login(ctx context.Context, l contract.Login) (contract.Session, error) {
	a, err := i.authenticate(ctx, l)
	if err != nil {
		return contract.Session{}, fmt.Errorf("login: %w", err)
	}
	token, hash := newToken()
	s := contract.Session{Token: token, UserID: a.userID}
	err = i.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		s.ExpiresAt = tx.Now().Add(i.settings.SessionFor)
		return addSession(ctx, tx, hash, a.userID, s.ExpiresAt)
	})
	if err != nil {
		return contract.Session{}, fmt.Errorf("login: %w", err)
	}
	return s, nil
}

// authenticate takes as long for an address that nobody has as for a wrong password, so that nobody can find out who has an account.
func (i *Identity) authenticate(ctx context.Context, l contract.Login) (account, error) {
	var a account
	var found bool
	err := i.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		a, found, err = findAccount(ctx, tx, "email", normalize(l.Email))
		return err
	})
	if err != nil {
		return a, err
	}
	if !found || len(l.Password) > maxPassword {
		_, err := i.hasher.hash(ctx, "nobody's password")
		if err == nil {
			err = contract.ErrCredentials
		}
		return a, err
	}
	ok, err := i.hasher.matches(ctx, l.Password, a.passwordHash)
	if err == nil && !ok {
		err = contract.ErrCredentials
	}
	return a, err
}

// Logout ends a session.
func (i *Identity) Logout(ctx context.Context, l contract.Logout) error {
	err := i.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		return removeSession(ctx, tx, hashToken(l.Token))
	})
	if err != nil {
		return fmt.Errorf("logout: %w", err)
	}
	return nil
}

// LookupSession tells whose session a token is.
func (i *Identity) LookupSession(ctx context.Context, q contract.LookupSession) (contract.Principal, error) {
	var p contract.Principal
	err := i.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		p, err = findSession(ctx, tx, hashToken(q.Token))
		return err
	})
	if err != nil {
		return contract.Principal{}, fmt.Errorf("look up session: %w", err)
	}
	return p, nil
}
