package load

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// client speaks the shop's HTTP API. Its methods may be called concurrently.
type client struct {
	base     string
	http     *http.Client
	patience time.Duration
}

const requestTimeout = 10 * time.Second

func newClient(base string, patience time.Duration) *client {
	transport := &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}
	return &client{
		base: strings.TrimSuffix(base, "/"), patience: patience,
		http: &http.Client{Transport: transport, Timeout: requestTimeout},
	}
}

// refusal is an answer that is not 2xx.
type refusal struct {
	Status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r *refusal) Error() string { return fmt.Sprintf("HTTP %d %s: %s", r.Status, r.Code, r.Detail) }

// passing reports whether an error may go away when asked again: the shop is out of reach, restarting or busy.
func passing(err error) bool {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.Status >= 500 || r.Status == http.StatusTooManyRequests
	}
	return err != nil
}

// kind is what a summary counts an error as.
func kind(err error) string {
	switch r, ok := errors.AsType[*refusal](err); {
	case ok:
		return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", r.Status, r.Code))
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return "connection lost"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "other: " + err.Error()
	}
}

// request is one question to the shop; answer is what its JSON is read into, nil for none.
type request struct {
	method, path, token, key string
	body, answer             any
}

// ask puts a question once.
func (c *client) ask(ctx context.Context, q request) error {
	var body io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, c.base+q.path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.key != "" {
		r.Header.Set("Idempotency-Key", q.key)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return read(response, q.answer)
}

func read(response *http.Response, answer any) error {
	if response.StatusCode/100 != 2 {
		r := &refusal{Status: response.StatusCode}
		_ = json.NewDecoder(response.Body).Decode(r) // the status says enough
		r.Status = response.StatusCode
		return r
	}
	if answer == nil {
		_, err := io.Copy(io.Discard, response.Body)
		return err
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// The wait before a question is asked again doubles from shortest to longest.
const (
	shortest = 20 * time.Millisecond
	longest  = 500 * time.Millisecond
)

// insist asks again until the answer is one, or patience ends. heard is told every error on the way.
func (c *client) insist(ctx context.Context, q request, heard func(error)) error {
	deadline := time.Now().Add(c.patience)
	wait := shortest
	for {
		err := c.ask(ctx, q)
		if !passing(err) || time.Now().After(deadline) {
			return err
		}
		heard(err)
		if !sleepUntil(ctx, time.Now().Add(wait)) {
			return err
		}
		wait = min(2*wait, longest)
	}
}

func (c *client) awaitReady(ctx context.Context) error {
	return c.insist(ctx, request{method: http.MethodGet, path: "/readyz"}, func(error) {})
}

// newKey is an idempotency key.
func newKey() string { return rand.Text() }

func query(name, value string) string {
	if value == "" {
		return ""
	}
	return "?" + url.Values{name: {value}}.Encode()
}
