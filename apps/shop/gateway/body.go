package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Limits of what is read from a client.
const (
	maxBody      = 64 << 10 // bytes
	maxJSONDepth = 8        // nested objects and arrays
)

// readJSON reads the body as one JSON value of type T, strictly: JSON by its content type, no unknown or repeated field, nothing behind it.
func readJSON[T any](w http.ResponseWriter, r *http.Request) (T, error) {
	var value T
	if err := checkMediaType(r, "application/json"); err != nil {
		return value, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return value, fmt.Errorf("read body: %w", bodyError(err))
	}
	if err := checkJSON(body); err != nil {
		return value, err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		return value, decodeProblem(err)
	}
	return value, nil
}

func checkMediaType(r *http.Request, want string) error {
	got, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || got != want || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "Content-Type is %q; it must be %s", r.Header.Get("Content-Type"), want)
	}
	return nil
}

// bodyError tells a client that sent too much, or nothing in time, from other failures.
func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return refuse(http.StatusBadRequest, "body_unreadable", "the body did not arrive whole")
}

// checkJSON walks over the value before it is decoded: it finds what the decoder would let pass.
func checkJSON(body []byte) error {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return refuse(http.StatusBadRequest, "empty_body", "the body is empty; it must be one JSON object")
	case !utf8.Valid(body):
		return refuse(http.StatusBadRequest, "invalid_json", "the body is not UTF-8")
	}
	walk := jsonWalk{decoder: json.NewDecoder(bytes.NewReader(body))}
	walk.decoder.UseNumber()
	if err := walk.value(0); err != nil {
		return err
	}
	if _, err := walk.decoder.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "invalid_json", "there is something behind the JSON value; there must be exactly one")
	}
	return nil
}

// checkText refuses what not every database can keep: what is not UTF-8, and NUL.
func checkText(where, s string) error {
	if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
		return refuse(http.StatusBadRequest, "invalid_text", "%s holds something that is no text", where)
	}
	return nil
}

type jsonWalk struct{ decoder *json.Decoder }

func (w jsonWalk) token() (json.Token, error) {
	token, err := w.decoder.Token()
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "invalid_json", "the body is not JSON: %s at byte %d", jsonFault(err), w.decoder.InputOffset())
	}
	return token, nil
}

func (w jsonWalk) value(depth int) error {
	token, err := w.token()
	if err != nil {
		return err
	}
	if s, ok := token.(string); ok {
		return checkText("the body", s)
	}
	delimiter, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth == maxJSONDepth {
		return refuse(http.StatusBadRequest, "too_deep", "the JSON is nested deeper than %d levels", maxJSONDepth)
	}
	names := map[string]bool{}
	for w.decoder.More() {
		if delimiter == '{' {
			if err := w.name(names); err != nil {
				return err
			}
		}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	_, err = w.token()
	return err
}

// name reads a field's name. The decoder would take names in capitals and the last of two equal ones; here each is a mistake to name.
func (w jsonWalk) name(seen map[string]bool) error {
	token, err := w.token()
	if err != nil {
		return err
	}
	name, _ := token.(string)
	switch {
	case seen[name]:
		return refuse(http.StatusBadRequest, "repeated_field", "field %q is there twice", name).at(name)
	case strings.ToLower(name) != name:
		return unknownField(name)
	}
	seen[name] = true
	return nil
}

func unknownField(name string) *problem {
	return refuse(http.StatusBadRequest, "unknown_field", "field %q is not known", name).at(name)
}

func jsonFault(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return err.Error()
}

// decodeProblem says what is wrong with a value that is JSON but not of the expected type.
func decodeProblem(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := wrong.Field
		if field == "" {
			return refuse(http.StatusBadRequest, "wrong_type", "the body is a JSON %s; it must be an object", wrong.Value)
		}
		return refuse(http.StatusBadRequest, "wrong_type", "%s is a JSON %s; it must be %s", field, wrong.Value, kindInWords(wrong.Type)).at(field)
	}
	// encoding/json has no type for this error.
	if name, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return unknownField(strings.Trim(name, `"`))
	}
	return refuse(http.StatusBadRequest, "invalid_json", "the body cannot be read: %s", err)
}

func kindInWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}
