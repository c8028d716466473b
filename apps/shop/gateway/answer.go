package gateway

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// writeJSON answers with a value. What the API answers is somebody's own or may change at any moment, so nobody keeps it.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that has gone away cannot be told
	return nil
}

// listPart says which part of a list is asked for.
type listPart struct {
	after string
	limit int // 0: what the service thinks makes sense
}

const maxCursor = 200 // bytes

// readListPart reads the parameters after and limit.
func readListPart(r *http.Request) (listPart, error) {
	query := r.URL.Query()
	part := listPart{after: query.Get("after")}
	if len(part.after) > maxCursor {
		return part, refuse(http.StatusBadRequest, "invalid_parameter", "after is longer than %d bytes; it must be the next of the page before", maxCursor).
			at("after")
	}
	if !query.Has("limit") {
		return part, nil
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || limit > 100 {
		return part, refuse(http.StatusBadRequest, "invalid_parameter", "limit is %q; it must be 1 to 100", shorten(query.Get("limit"), 20)).at("limit")
	}
	part.limit = limit
	return part, nil
}

// maxID is how long an id or SKU may be, in bytes.
const maxID = 64

// validID reports whether something can be an id or SKU at all. What cannot be is not found, without asking a service.
func validID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// maxKey is how long an Idempotency-Key may be, in bytes.
const maxKey = 200

// idempotencyKey reads the header Idempotency-Key. A client that sends none gets a new one, and with it no protection from sending twice.
func idempotencyKey(r *http.Request) (string, error) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return rand.Text(), nil
	}
	return checkKey(values[0])
}

func checkKey(key string) (string, error) {
	if key == "" || len(key) > maxKey {
		return "", refuse(http.StatusBadRequest, "invalid_idempotency_key", "Idempotency-Key has %d bytes; it must have 1 to %d", len(key), maxKey)
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return "", refuse(http.StatusBadRequest, "invalid_idempotency_key", "Idempotency-Key holds byte %#x; only printable ASCII is allowed", c)
		}
	}
	return key, nil
}

// listed is the list, or an empty one for none: a client never meets null where a list belongs.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// naming returns the problem, which names the thing, instead of a service's error, which does not.
func naming(err, known error, p *problem) error {
	if errors.Is(err, known) {
		return p
	}
	return err
}
