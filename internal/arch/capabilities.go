package arch

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// The table of what backends differ in stands in docs/guarantees.md between two marks. It is made of what their tests declare to the suite,
// which finds out when that is not so.
const (
	tableBegins = "<!-- capabilities: written by go test ./internal/arch -write -->\n"
	tableEnds   = "<!-- end of capabilities -->"
)

// backend is what a test declares: drivertest.Backend{Name: …, Has: drivertest.Capabilities{…}}.
type backend struct {
	name string
	has  []string
}

// declared finds the declarations in tests, in the order of the backends' names.
func declared(sources []source) []backend {
	var all []backend
	for _, s := range sources {
		if !s.test {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok && isOf(literal, "Backend") {
				if b := declaration(literal); b.name != "" {
					all = append(all, b)
				}
			}
			return true
		})
	}
	slices.SortFunc(all, func(a, b backend) int { return strings.Compare(a.name, b.name) })
	return all
}

// isOf says whether a literal is of a type of package drivertest.
func isOf(literal *ast.CompositeLit, typ string) bool {
	selector, ok := literal.Type.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != typ {
		return false
	}
	of, ok := selector.X.(*ast.Ident)
	return ok && of.Name == "drivertest"
}

func declaration(literal *ast.CompositeLit) backend {
	var b backend
	for field, value := range fields(literal) {
		switch v := value.(type) {
		case *ast.BasicLit:
			if field == "Name" {
				b.name, _ = strconv.Unquote(v.Value) // it is a string, or the test would not compile
			}
		case *ast.CompositeLit:
			for capability, has := range fields(v) {
				if yes, ok := has.(*ast.Ident); ok && isOf(v, "Capabilities") && yes.Name == "true" {
					b.has = append(b.has, capability)
				}
			}
		}
	}
	return b
}

// fields are the fields of a literal and their values.
func fields(literal *ast.CompositeLit) func(yield func(string, ast.Expr) bool) {
	return func(yield func(string, ast.Expr) bool) {
		for _, element := range literal.Elts {
			pair, ok := element.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			if key, ok := pair.Key.(*ast.Ident); ok && !yield(key.Name, pair.Value) {
				return
			}
		}
	}
}

// capability is a field of drivertest.Capabilities with what its comment says.
type capability struct{ name, meaning string }

func capabilities(sources []source) []capability {
	var all []capability
	for _, s := range sources {
		if s.path != "driver/drivertest/backend.go" {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || spec.Name.Name != "Capabilities" {
				return true
			}
			for _, f := range spec.Type.(*ast.StructType).Fields.List {
				_, meaning, _ := strings.Cut(strings.Join(strings.Fields(f.Doc.Text()), " "), ": ")
				all = append(all, capability{f.Names[0].Name, meaning})
			}
			return false
		})
	}
	return all
}

// capabilityTable is the table as it has to stand in the page.
func capabilityTable(sources []source) string {
	backends := declared(sources)
	var b strings.Builder
	b.WriteString("| capability |")
	for _, one := range backends {
		fmt.Fprintf(&b, " %s |", one.name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(backends)) + "\n")
	for _, c := range capabilities(sources) {
		fmt.Fprintf(&b, "| **%s**: %s |", c.name, strings.NewReplacer("[", "`", "]", "`").Replace(strings.TrimSuffix(c.meaning, ".")))
		for _, one := range backends {
			if slices.Contains(one.has, c.name) {
				b.WriteString(" yes |")
			} else {
				b.WriteString(" |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// withTable is a page with the table in it. It is an error if the marks are not there.
func withTable(page, table string) (string, error) {
	before, rest, begins := strings.Cut(page, tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return "", fmt.Errorf("docs/guarantees.md lacks the marks %q and %q", tableBegins, tableEnds)
	}
	return before + tableBegins + table + tableEnds + after, nil
}
