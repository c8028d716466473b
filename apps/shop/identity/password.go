package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of a password hash: the second choice of the OWASP Password Storage Cheat Sheet for Argon2id.
const (
	hashMemory  = 19 * 1024 // KiB
	hashTime    = 2
	hashThreads = 1
	hashSize    = 32
	saltSize    = 16
)

const hashPrefix = "$argon2id$v=19$m=19456,t=2,p=1$"

// hasher hashes passwords, a few at once at most: every hash takes 19 MiB while it is made.
type hasher struct{ slots chan struct{} }

func newHasher(atOnce int) hasher { return hasher{slots: make(chan struct{}, atOnce)} }

// hash returns a password's hash in the usual text form, salt included. It waits for its turn, unless ctx ends first.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	sum, err := h.sum(ctx, password, salt)
	if err != nil {
		return "", err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return hashPrefix + encode(salt) + "$" + encode(sum), nil
}

// matches reports whether a hash is that of a password.
func (h hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	text, ours := strings.CutPrefix(hash, hashPrefix)
	saltText, sumText, ok := strings.Cut(text, "$")
	salt, errSalt := base64.RawStdEncoding.DecodeString(saltText)
	want, errSum := base64.RawStdEncoding.DecodeString(sumText)
	if !ours || !ok || errSalt != nil || errSum != nil {
		return false, fmt.Errorf("password hash is not of the form %s", hashPrefix)
	}
	sum, err := h.sum(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, want) == 1, nil
}

func (h hasher) sum(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		return argon2.IDKey([]byte(password), salt, hashTime, hashMemory, hashThreads, hashSize), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

// newToken returns a session's token, which is told once, and its hash, which is kept.
func newToken() (token, hash string) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, hashToken(token)
}

// hashToken needs no salt and no cost: a token has 256 random bits.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
