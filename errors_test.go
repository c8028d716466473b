package headrace_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/headrace/headrace"
)

func TestQuestionsAboutErrors(t *testing.T) {
	t.Parallel()
	permanent, unavailable := headrace.Permanent(io.EOF), headrace.Unavailable(io.EOF)
	for name, c := range map[string]struct {
		err                    error
		permanent, unavailable bool
	}{
		"none":                {nil, false, false},
		"plain":               {io.EOF, false, false},
		"permanent":           {permanent, true, false},
		"unavailable":         {unavailable, false, true},
		"wrapped permanent":   {fmt.Errorf("charge: %w", permanent), true, false},
		"wrapped unavailable": {fmt.Errorf("charge: %w", unavailable), false, true},
		"joined":              {errors.Join(io.ErrClosedPipe, permanent), true, false},
		"both":                {headrace.Permanent(unavailable), true, true},
		"as text only":        {errors.New(permanent.Error()), false, false},
	} {
		if got := headrace.IsPermanent(c.err); got != c.permanent {
			t.Errorf("%s: IsPermanent is %v", name, got)
		}
		if got := headrace.IsUnavailable(c.err); got != c.unavailable {
			t.Errorf("%s: IsUnavailable is %v", name, got)
		}
	}
	for _, err := range []error{permanent, unavailable} {
		if !errors.Is(err, io.EOF) || err.Error() != "EOF" {
			t.Errorf("%#v hides the error that it is made of", err)
		}
	}
}

// TestNoErrorStaysNoError is about a handler that ends with "return headrace.Permanent(err)", whatever err is.
func TestNoErrorStaysNoError(t *testing.T) {
	t.Parallel()
	if err := headrace.Permanent(nil); err != nil {
		t.Errorf("Permanent(nil) is %#v", err)
	}
	if err := headrace.Unavailable(nil); err != nil {
		t.Errorf("Unavailable(nil) is %#v", err)
	}
}

func TestPanicError(t *testing.T) {
	t.Parallel()
	withError := &headrace.PanicError{Value: io.EOF, Stack: []byte("goroutine 1")}
	if !errors.Is(withError, io.EOF) {
		t.Error("the error that a panic was made of is not found")
	}
	if text := withError.Error(); !strings.Contains(text, "EOF") || !strings.Contains(text, "goroutine 1") {
		t.Errorf("it says %q: want the value and the stack", text)
	}
	withText := &headrace.PanicError{Value: "bug"}
	if errors.Unwrap(withText) != nil || !strings.Contains(withText.Error(), "bug") {
		t.Errorf("a panic with a text says %q and wraps %v", withText.Error(), errors.Unwrap(withText))
	}
}
