package contract

import (
	"errors"
	"time"
)

// Roles of users.
const (
	RoleCustomer = "customer"
	RoleAdmin    = "admin"
)

var (
	// ErrEmailTaken means that there is an account with this email address already.
	ErrEmailTaken = errors.New("email address is taken")
	// ErrCredentials means that email or password is wrong; which of them is not told.
	ErrCredentials = errors.New("email or password is wrong")
	// ErrNoSession means that a token is unknown, expired or logged out.
	ErrNoSession = errors.New("there is no such session")
	// ErrNotFound means that there is no such user.
	ErrNotFound = errors.New("user not found")
)

// Register opens an account. Errors: *invalid.Error, ErrEmailTaken.
type Register struct {
	Email       string `json:"email" pii:"true"`
	Password    string `json:"password" pii:"true"` // 8 to 200 characters
	DisplayName string `json:"display_name" pii:"true"`
}

// RegisteredUser answers Register.
type RegisteredUser struct {
	UserID string `json:"user_id"`
}

// Login opens a session. Errors: ErrCredentials.
type Login struct {
	Email    string `json:"email" pii:"true"`
	Password string `json:"password" pii:"true"`
}

// Session answers Login. The token is told this once; only its hash is kept.
type Session struct {
	Token     string    `json:"token" pii:"true"`
	UserID    string    `json:"user_id"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Logout ends the session of a token. A token without a session is no error.
type Logout struct {
	Token string `json:"token" pii:"true"`
}

// LookupSession asks whose session a token is. Errors: ErrNoSession.
type LookupSession struct {
	Token string `json:"token" pii:"true"`
}

// Principal answers LookupSession: who is asking, and what that person may do.
type Principal struct {
	UserID      string    `json:"user_id"`
	DisplayName string    `json:"display_name" pii:"true"`
	Role        string    `json:"role"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// GetProfile asks for a user's profile. Errors: ErrNotFound.
type GetProfile struct {
	UserID string `json:"user_id"`
}

// UpdateProfile changes a user's profile and answers with it. Errors: *invalid.Error, ErrNotFound.
type UpdateProfile struct {
	UserID      string `json:"user_id"`
	DisplayName string `json:"display_name" pii:"true"`
}

// Profile answers GetProfile and UpdateProfile.
type Profile struct {
	UserID      string    `json:"user_id"`
	Email       string    `json:"email" pii:"true"`
	DisplayName string    `json:"display_name" pii:"true"`
	Role        string    `json:"role"`
	CreatedAt   time.Time `json:"created_at"`
}
