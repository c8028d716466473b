// Package invalid is the answer to a request that can never succeed as it is: it names the field and says what is wrong with it.
package invalid

// Error says what is wrong with one field of a request. Find it with errors.AsType[*invalid.Error].
type Error struct {
	Field   string `json:"field"`   // as the request spells it, such as "lines[2].qty"
	Problem string `json:"problem"` // a short sentence for people
}

func (e *Error) Error() string { return e.Field + ": " + e.Problem }

// Field makes an Error.
func Field(field, problem string) error { return &Error{Field: field, Problem: problem} }
