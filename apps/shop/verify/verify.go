// Package verify proves, with SQL of its own, that a shop has lost nothing and made nothing up: not a cent, not a piece, not an event. It
// shares no code with the shop or with what the shop is built on, so it does not share their mistakes.
//
// A shop may be verified while it runs. Databases are read one after the other, the one of orders first, and each in one moment of its own:
// what has ended by the moment in which orders are read has ended everywhere by the later ones. What has not ended is listed, not judged.
package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrNoData means that there is no shop's data where it was looked for.
var ErrNoData = errors.New("there is no shop's data")

// Source is where a shop's data is.
type Source struct {
	// Directory has the files: all databases, or only that of the payment provider.
	Directory string
	// Postgres is the URL of the database that has a schema for each service. Empty: services have files.
	Postgres string
}

// Run reads a shop's databases and returns what it found. It writes nothing. Errors: ErrNoData; otherwise a database could not be read.
func Run(ctx context.Context, from Source) (Report, error) {
	d, err := read(ctx, from)
	if err != nil {
		return Report{}, err
	}
	var r Report
	for _, check := range []func(data) []Finding{
		checkLedger, checkProvider, checkPayments, checkStock, checkReservations, checkEnds, checkMails, checkEngine, listUnderWay,
	} {
		r.Findings = append(r.Findings, check(d)...)
	}
	return r, nil
}

// Report is what a run found.
type Report struct{ Findings []Finding }

// OK reports whether every invariant holds.
func (r Report) OK() bool {
	for _, f := range r.Findings {
		if len(f.Violations) > 0 {
			return false
		}
	}
	return true
}

// Finding is one invariant, or one list of what is under way.
type Finding struct {
	Name       string   // the invariant
	Counted    string   // what it was tried on
	Violations []string // each a sentence; empty: it holds
	Listed     []string // what a person may want to know, and is no violation
}

// shown is how many violations of an invariant are written out.
const shown = 10

// String is the report for people: a line for each invariant, and what is wrong below it.
func (r Report) String() string {
	var text strings.Builder
	broken := 0
	for _, f := range r.Findings {
		verdict, lines := "ok  ", f.Listed
		if len(f.Violations) > 0 {
			verdict, lines = "FAIL", append(f.Violations, f.Listed...)
			broken++
		}
		fmt.Fprintf(&text, "%s  %-58s %s\n", verdict, f.Name, f.Counted)
		for _, line := range lines[:min(len(lines), shown)] {
			fmt.Fprintf(&text, "        %s\n", line)
		}
		if more := len(lines) - shown; more > 0 {
			fmt.Fprintf(&text, "        and %d more\n", more)
		}
	}
	if broken > 0 {
		fmt.Fprintf(&text, "%d of %d invariants are violated\n", broken, len(r.Findings))
	} else {
		text.WriteString("all invariants hold\n")
	}
	return text.String()
}

// finding collects violations.
func finding(name, counted string, args ...any) *Finding {
	return &Finding{Name: name, Counted: fmt.Sprintf(counted, args...)}
}

func (f *Finding) violated(format string, args ...any) {
	f.Violations = append(f.Violations, fmt.Sprintf(format, args...))
}

func (f *Finding) list(format string, args ...any) {
	f.Listed = append(f.Listed, fmt.Sprintf(format, args...))
}
