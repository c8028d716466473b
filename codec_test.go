package headrace

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
)

// nested is JSON that is nested as deep as said: arrays in objects in arrays.
func nested(depth int) string {
	text := strings.Repeat(`[{"a":`, depth/2) + "1" + strings.Repeat("}]", depth/2)
	if depth%2 == 1 {
		text = "[" + text + "]"
	}
	return text
}

func TestCheckDepth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		deep bool
	}{
		"a number":                    {"1", false},
		"nothing":                     {"", false},
		"at the limit":                {nested(MaxDepth), false},
		"one above it":                {nested(MaxDepth + 1), true},
		"far above it":                {nested(9999), true},
		"unclosed":                    {strings.Repeat("[", MaxDepth+1), true},
		"side by side":                {"[" + strings.Repeat(nested(MaxDepth-1)+",", 100) + "1]", false},
		"deep only the second time":   {"[" + nested(3) + "," + nested(MaxDepth) + "]", true},
		"brackets in a string":        {`"` + strings.Repeat("[{", MaxDepth) + `"`, false},
		"brackets in a key":           {`{"` + strings.Repeat("[{", MaxDepth) + `":1}`, false},
		"an escaped quote":            {`"\"` + strings.Repeat("[", MaxDepth+1) + `"`, false},
		"an escaped backslash":        {`["\\",` + nested(MaxDepth) + `]`, true},
		"two escaped backslashes":     {`["\\\\",` + nested(MaxDepth) + `]`, true},
		"backslash, backslash, quote": {`"\\\"` + strings.Repeat("[", MaxDepth+1) + `"`, false},
		"a string that never ends":    {`"` + strings.Repeat("[", MaxDepth+1), false},
		"an escape at the very end":   {`"\`, false},
		"closed more than opened":     {strings.Repeat("]", 10) + nested(MaxDepth), false},
	} {
		if err := checkDepth([]byte(c.data)); errors.Is(err, ErrTooDeep) != c.deep || err != nil && !c.deep {
			t.Errorf("%s: %v, want too deep: %v", name, err, c.deep)
		}
	}
}

// depthOf is how deep valid JSON is nested, found in another way: by descending into it.
func depthOf(t *testing.T, d *json.Decoder) int {
	t.Helper()
	token, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	if _, opens := token.(json.Delim); !opens {
		return 0
	}
	inner := 0
	for d.More() {
		if token == json.Delim('{') {
			if _, err := d.Token(); err != nil {
				t.Fatal(err)
			}
		}
		inner = max(inner, depthOf(t, d))
	}
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	return inner + 1
}

func FuzzCheckDepth(f *testing.F) {
	for _, seed := range []string{
		`1`, `"\\\""`, `{"a":[1,{"b":[]}],"a":{}}`, `["\"[",{"{":"}"}]`, "\t[ ]\n", `"\u005b"`,
		nested(MaxDepth), nested(MaxDepth + 1), "[" + nested(MaxDepth) + `,"]]"]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := checkDepth(data)
		if !json.Valid(data) {
			return // whatever it says: the decoder will refuse it
		}
		if depth := depthOf(t, json.NewDecoder(bytes.NewReader(data))); (depth > MaxDepth) != (err != nil) {
			t.Errorf("%q is nested %d deep, and checkDepth says %v", data, depth, err)
		}
	})
}

func TestCheckMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key, data string
		want      error
	}{
		"small":                {"k", "1", nil},
		"as large as can be":   {strings.Repeat("k", MaxKeySize), strings.Repeat("1", MaxDataSize), nil},
		"letters of all kinds": {"Größe/大/🙂", "1", nil},
		"no key":               {"", "1", ErrNoKey},
		"key too long":         {strings.Repeat("k", MaxKeySize+1), "1", ErrTooLarge},
		"data too large":       {"k", strings.Repeat("1", MaxDataSize+1), ErrTooLarge},
		"data too deep":        {"k", nested(MaxDepth + 1), ErrTooDeep},
	} {
		if err := checkMessage(c.key, []byte(c.data)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestKeysHaveToBeText is about bytes that JSON would replace, so that two keys became one, and that PostgreSQL does not take.
func TestKeysHaveToBeText(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"\xff", "order\xc3", "a\x00b", "\xed\xa0\x80"} {
		if err := checkMessage(key, []byte("1")); err == nil || !strings.Contains(err.Error(), strconv.Quote(key)) {
			t.Errorf("key %q: %v, want an error that names it", key, err)
		}
	}
}
