package identity

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/apps/shop/invalid"
)

const (
	minPassword = 8
	maxPassword = 200
	maxEmail    = 254
	maxName     = 100
)

// Register opens an account.
func (i *Identity) Register(ctx context.Context, r contract.Register) (contract.RegisteredUser, error) {
	return i.register(ctx, r, contract.RoleCustomer)
}

func (i *Identity) register(ctx context.Context, r contract.Register, role string) (contract.RegisteredUser, error) {
	r.Email = normalize(r.Email)
	r.DisplayName = strings.TrimSpace(r.DisplayName)
	if err := checkRegistration(r); err != nil {
		return contract.RegisteredUser{}, err
	}
	hash, err := i.hasher.hash(ctx, r.Password)
	if err != nil {
		return contract.RegisteredUser{}, fmt.Errorf("register: %w", err)
	}
	a := account{userID: i.Service.NewID(), email: r.Email, passwordHash: hash, displayName: r.DisplayName, role: role}
	err = i.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		added, err := addAccount(ctx, tx, a)
		if err == nil && !added {
			err = contract.ErrEmailTaken
		}
		if err != nil {
			return err
		}
		return publishRegistered(tx, a)
	})
	if err != nil {
		return contract.RegisteredUser{}, fmt.Errorf("register: %w", err)
	}
	return contract.RegisteredUser{UserID: a.userID}, nil
}

func publishRegistered(tx *headrace.Tx, a account) error {
	registered := contract.RegisteredData{UserID: a.userID, Email: a.email, DisplayName: a.displayName, Locale: "en"}
	if err := contract.Registered.Publish(tx, registered); err != nil || a.role == contract.RoleCustomer {
		return err
	}
	return contract.RoleGranted.Publish(tx, contract.RoleGrantedData{UserID: a.userID, Role: a.role})
}

// normalize makes addresses that reach the same person equal. Case matters to no mail server that people use.
func normalize(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func checkRegistration(r contract.Register) error {
	address, err := mail.ParseAddress(r.Email)
	switch {
	case err != nil, address.Address != r.Email, len(r.Email) > maxEmail:
		return invalid.Field("email", "must be an email address")
	case utf8.RuneCountInString(r.Password) < minPassword:
		return invalid.Field("password", fmt.Sprintf("must have %d characters or more", minPassword))
	case len(r.Password) > maxPassword:
		return invalid.Field("password", fmt.Sprintf("must have %d bytes or less", maxPassword))
	}
	return checkName(r.DisplayName)
}

func checkName(name string) error {
	n := utf8.RuneCountInString(name)
	if n < 1 || n > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, isControl) {
		return invalid.Field("display_name", fmt.Sprintf("must have 1 to %d printable characters", maxName))
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
