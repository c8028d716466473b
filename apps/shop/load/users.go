package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	password = "load-password"
	// signInAtOnce keeps hashing of passwords, which is slow on purpose, from taking the shop's machine for itself.
	signInAtOnce = 2
)

// signIn opens the users' accounts, or finds them as an earlier run left them, and returns a session for each.
func (r *run) signIn(ctx context.Context) ([]string, error) {
	tokens := make([]string, r.config.Users)
	var next, done atomic.Int64
	var workers sync.WaitGroup
	failures := make(chan error, signInAtOnce)
	for range signInAtOnce {
		workers.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(tokens)); n = next.Add(1) - 1 {
				token, err := r.shop.signIn(ctx, fmt.Sprintf("load-%04d@shop.test", n))
				if err != nil {
					failures <- err
					return
				}
				tokens[n] = token
				r.say("\rsigning in: %d of %d users", done.Add(1), len(tokens))
			}
		})
	}
	workers.Wait()
	close(failures)
	r.say("\n")
	return tokens, <-failures
}

// signIn logs a user in, and registers them first if the shop does not know them.
func (c *client) signIn(ctx context.Context, email string) (string, error) {
	token, err := c.login(ctx, email)
	if r, ok := errors.AsType[*refusal](err); !ok || r.Status != http.StatusUnauthorized {
		return token, err
	}
	body := map[string]any{"email": email, "password": password, "display_name": "Load"}
	err = c.insist(ctx, request{method: http.MethodPost, path: "/api/v1/auth/register", body: body}, func(error) {})
	if r, ok := errors.AsType[*refusal](err); ok && r.Status == http.StatusConflict {
		err = nil // an answer was lost: the account is open
	}
	if err != nil {
		return "", err
	}
	return c.login(ctx, email)
}

func (c *client) login(ctx context.Context, email string) (string, error) {
	var session struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	body := map[string]any{"email": email, "password": password}
	err := c.insist(ctx, request{method: http.MethodPost, path: "/api/v1/auth/login", body: body, answer: &session}, func(error) {})
	return session.Token, err
}
