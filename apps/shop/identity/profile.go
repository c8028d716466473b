package identity

import (
	"context"
	"fmt"
	"strings"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/identity/contract"
)

// GetProfile returns a user's profile.
func (i *Identity) GetProfile(ctx context.Context, q contract.GetProfile) (contract.Profile, error) {
	var a account
	err := i.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		a, err = getAccount(ctx, tx, q.UserID)
		return err
	})
	if err != nil {
		return contract.Profile{}, fmt.Errorf("get profile: %w", err)
	}
	return a.profile(), nil
}

// UpdateProfile changes a user's profile. What is the same already changes nothing.
func (i *Identity) UpdateProfile(ctx context.Context, u contract.UpdateProfile) (contract.Profile, error) {
	u.DisplayName = strings.TrimSpace(u.DisplayName)
	if err := checkName(u.DisplayName); err != nil {
		return contract.Profile{}, err
	}
	var a account
	err := i.Service.In(ctx, func(ctx context.Context, tx *headrace.Tx) (err error) {
		a, err = getAccount(ctx, tx, u.UserID)
		if err != nil || a.displayName == u.DisplayName {
			return err
		}
		a.displayName = u.DisplayName
		if err := renameAccount(ctx, tx, u.UserID, u.DisplayName); err != nil {
			return err
		}
		return contract.ProfileUpdated.Publish(tx, contract.ProfileUpdatedData{
			UserID: u.UserID, Changed: []string{"display_name"}, DisplayName: u.DisplayName,
		})
	})
	if err != nil {
		return contract.Profile{}, fmt.Errorf("update profile: %w", err)
	}
	return a.profile(), nil
}

func getAccount(ctx context.Context, tx *headrace.Tx, userID string) (account, error) {
	a, found, err := findAccount(ctx, tx, "user_id", userID)
	if err == nil && !found {
		err = contract.ErrNotFound
	}
	return a, err
}

func (a account) profile() contract.Profile {
	return contract.Profile{UserID: a.userID, Email: a.email, DisplayName: a.displayName, Role: a.role, CreatedAt: a.createdAt}
}
