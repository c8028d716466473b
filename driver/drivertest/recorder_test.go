package drivertest_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/headrace/headrace/driver/drivertest"
)

// recorder is a test that may fail without failing the test that runs it.
type recorder struct {
	testing.TB
	ctx context.Context

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

// try runs a case on a backend and returns what it reported.
func try(t *testing.T, c drivertest.Case, b drivertest.Backend) []string {
	ctx, cancel := context.WithCancel(t.Context())
	r := &recorder{TB: t, ctx: ctx}
	var running sync.WaitGroup
	running.Go(func() { // a goroutine of its own, because Fatal ends it
		defer r.clean()
		defer cancel()
		c.Run(r, b)
	})
	running.Wait()
	return r.failures
}

func (r *recorder) clean() {
	for len(r.cleanups) > 0 {
		last := r.cleanups[len(r.cleanups)-1]
		r.cleanups = r.cleanups[:len(r.cleanups)-1]
		last()
	}
}

func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

func (r *recorder) fail(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, text)
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) > 0
}

func (r *recorder) Fail()                     { r.fail("failed") }
func (r *recorder) Error(args ...any)         { r.fail(fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, a ...any) { r.fail(fmt.Sprintf(f, a...)) }
func (r *recorder) Logf(string, ...any)       {}

func (r *recorder) Fatal(args ...any) {
	r.fail(fmt.Sprint(args...))
	runtime.Goexit()
}

func (r *recorder) Fatalf(f string, a ...any) {
	r.fail(fmt.Sprintf(f, a...))
	runtime.Goexit()
}

// failing runs cases on a backend and returns the names of those that failed, sorted.
func failing(t *testing.T, b drivertest.Backend, themes []string) []string {
	var mu sync.Mutex
	var names []string
	t.Run("cases", func(t *testing.T) {
		for _, c := range drivertest.Cases() {
			if theme, _, _ := strings.Cut(c.Name, "/"); !slices.Contains(themes, theme) {
				continue
			}
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				if failures := try(t, c, b); len(failures) > 0 {
					mu.Lock()
					defer mu.Unlock()
					names = append(names, c.Name)
				}
			})
		}
	})
	slices.Sort(names)
	return names
}
