package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/headrace/headrace"
)

// problem is an error as a client is told of it: an RFC 9457 problem whose Code is for programs to branch on. Its type is always
// about:blank, so its title is the status in words.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	// Field is where in the request the fault is, such as "lines[0].qty"; empty if it is in no field.
	Field string `json:"field,omitempty"`

	retryAfter time.Duration // > 0: the client may try again then
}

func (p *problem) Error() string { return p.Code + ": " + p.Detail }

// refuse makes a problem. Detail names the thing at fault and says what would be right; it must hold nothing secret.
func refuse(status int, code, detail string, args ...any) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(detail, args...)}
}

// at is the problem with the name of the field that is at fault.
func (p problem) at(field string) *problem {
	p.Field = field
	return &p
}

// retry is the problem with the time after which the client may try again.
func (p problem) retry(after time.Duration) *problem {
	p.retryAfter = after
	return &p
}

// problemOf says what a client is told of an error. What it does not know is internal: the client learns nothing of it.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errBodySize
	}
	if p := serviceProblem(err); p != nil {
		return p
	}
	switch {
	case errors.Is(err, headrace.ErrUnknownOutcome):
		return refuse(http.StatusServiceUnavailable, "unknown_outcome",
			"nobody knows yet whether this took effect; send it again with the same Idempotency-Key").retry(time.Second)
	case errors.Is(err, headrace.ErrConflict):
		return refuse(http.StatusServiceUnavailable, "busy", "too many others change the same thing; try again").retry(time.Second)
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(http.StatusServiceUnavailable, "timeout", "the shop took too long to answer; try again").retry(time.Second)
	}
	return refuse(http.StatusInternalServerError, "internal", "the shop failed to do this; it was logged")
}

var errBodySize = refuse(http.StatusRequestEntityTooLarge, "body_too_large", "the body is larger than %d bytes", maxBody)

// writeProblem answers with a problem as JSON.
func writeProblem(w http.ResponseWriter, p *problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	writeProblemHead(w, p)
	_ = json.NewEncoder(w).Encode(p) // a client that has gone away cannot be told
}

func writeProblemHead(w http.ResponseWriter, p *problem) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="shop"`)
	}
	w.WriteHeader(p.Status)
}
