package arch

import (
	"fmt"
	"go/ast"
	"slices"
)

// Limits of what fits in a head and on a screen. Both count every line, the first and the last included.
const (
	maxFileLines = 400
	maxFuncLines = 40
)

// clockFile is the only file of the core that may ask the machine for the time.
const clockFile = "driver/clock.go"

// core are the kinds of rooms of the root module: no libraries, and no time but that of a driver.Clock.
var core = []string{"headrace", "driver", "drivertest", "headracetest", "memory", "pattern", "internal"}

// checkClock finds code of the core that asks the machine for the time, or sleeps. Tests may: there it decides nothing.
func checkClock(s source) []string {
	r, _ := roomOf(s.folder())
	if s.test || s.path == clockFile || !slices.Contains(core, r.kind) {
		return nil
	}
	var wrong []string
	for _, u := range s.uses("time", "Now", "Since", "Until", "Sleep") {
		wrong = append(wrong, fmt.Sprintf("%s: %s: take the time from a driver.Clock, and wait for a context, a timer or a signal", u.at, u.name))
	}
	return wrong
}

// checkInit finds init functions: they run whether anybody wants them or not, in an order that nobody sees.
func checkInit(s source) []string {
	var wrong []string
	for f := range s.functions() {
		if f.Recv == nil && f.Name.Name == "init" {
			wrong = append(wrong, s.at(f.Pos())+": an init function: do it where somebody calls it")
		}
	}
	return wrong
}

// proves says whether a file is there to test: test files, and the suite that backends run.
func proves(s source) bool {
	r, _ := roomOf(s.folder())
	return s.test || r.kind == "drivertest"
}

// checkSize finds files that have a second noun, and functions that do not fit on a screen. Functions that test may be as long as their
// table of cases.
func checkSize(s source) []string {
	if ast.IsGenerated(s.syntax) {
		return nil
	}
	var wrong []string
	if n := s.line(s.syntax.FileEnd); n > maxFileLines {
		wrong = append(wrong, fmt.Sprintf("%s: %d lines, at most %d: find its second noun and give it a file", s.path, n, maxFileLines))
	}
	for f := range s.functions() {
		if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > maxFuncLines && !proves(s) {
			wrong = append(wrong, fmt.Sprintf("%s: %s has %d lines, at most %d: give a part of it a name", s.at(f.Pos()), f.Name.Name, n, maxFuncLines))
		}
	}
	return wrong
}

// checkTests finds tests that pass without having tested, and tests that wait for time to pass instead of for what they wait for. In a
// bubble of testing/synctest sleeping takes no time, so packages that test in one may sleep.
func checkTests(sources []source) []string {
	bubble := map[string]bool{}
	for _, s := range sources {
		bubble[s.folder()] = bubble[s.folder()] || s.localName("testing/synctest") != ""
	}
	var wrong []string
	for _, s := range sources {
		if !proves(s) {
			continue
		}
		wrong = append(wrong, checkSkips(s)...)
		for _, u := range s.uses("time", "Sleep") {
			if !bubble[s.folder()] {
				wrong = append(wrong, u.at+": "+u.name+": wait for the signal that ends the wait, or use testing/synctest")
			}
		}
	}
	return wrong
}

func checkSkips(s source) []string {
	var wrong []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, selector.Sel.Name) {
			wrong = append(wrong, s.at(n.Pos())+": a test that is skipped proves nothing: make it run, or take it out")
		}
		return true
	})
	return wrong
}
