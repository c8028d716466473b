package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checkMap compares the file map of docs/architecture.md with the tree: it names every file of the root package and every room that has
// code, and nothing that is not there.
func checkMap(page string, sources []source) []string {
	_, table, found := strings.Cut(page, "\n## File map\n")
	if !found {
		return []string{"docs/architecture.md has no section \"File map\""}
	}
	table, _, _ = strings.Cut(table, "\n## ")
	named := quoted(table)
	there := map[string]bool{}
	var wrong []string
	for _, s := range sources {
		what := entry(s.folder())
		if what == "." {
			what = s.path
		}
		if !s.test && !there[what] && !slices.Contains(named, what) {
			wrong = append(wrong, fmt.Sprintf("%s is not in the file map of docs/architecture.md: say there what its idea is", what))
		}
		there[what], there[s.path], there[path.Base(s.path)] = true, true, true
	}
	for _, name := range named {
		if (strings.HasSuffix(name, ".go") || isEntry(name)) && !there[name] {
			wrong = append(wrong, fmt.Sprintf("the file map of docs/architecture.md has %s, which is not there", name))
		}
	}
	return wrong
}

// isEntry says whether a name is what the file map calls a room.
func isEntry(name string) bool {
	return slices.ContainsFunc(rooms, func(r room) bool { return strings.TrimSuffix(r.pattern, "/...") == name })
}

// checkPlaces finds functions that docs/architecture.md sends its readers to, as `file`: `function`, and that are not there.
func checkPlaces(page string, sources []source) []string {
	there := map[string]bool{}
	for _, s := range sources {
		for f := range s.functions() {
			there[s.path+" "+f.Name.Name] = true
		}
	}
	var wrong []string
	for _, match := range places.FindAllStringSubmatch(page, -1) {
		for _, name := range quoted(match[2]) {
			if !there[match[1]+" "+name] {
				wrong = append(wrong, fmt.Sprintf("docs/architecture.md sends its readers to %s in %s, which is not there", name, match[1]))
			}
		}
	}
	return wrong
}

// checkProofs finds tests that docs/guarantees.md names and that do not exist: a test is TestName, and a case of drivertest is theme/name,
// both of which stand there as strings.
func checkProofs(page string, sources []source) []string {
	tests, literals := map[string]bool{}, map[string]bool{}
	for _, s := range sources {
		if !proves(s) {
			continue
		}
		for f := range s.functions() {
			tests[f.Name.Name] = true
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				literals[literal.Value] = true
			}
			return true
		})
	}
	var wrong []string
	for _, match := range proof.FindAllStringSubmatch(page, -1) {
		test, theme, name := match[1], strconv.Quote(match[2]), strconv.Quote(match[3])
		there := tests[test]
		if test == "" {
			there = literals[theme] && literals[name]
		}
		if !there {
			wrong = append(wrong, fmt.Sprintf("docs/guarantees.md names %s, which is not there", match[0]))
		}
	}
	return wrong
}

// checkQuote finds code that a page shows and that none of its examples has: what readers see is what ran. Indentation may differ.
func checkQuote(page string, examples ...string) []string {
	var wrong []string
	for _, match := range goBlock.FindAllStringSubmatch(page, -1) {
		ran := slices.ContainsFunc(examples, func(example string) bool { return strings.Contains(flat(example), flat(match[1])) })
		if !ran {
			first, _, _ := strings.Cut(match[1], "\n")
			wrong = append(wrong, fmt.Sprintf("the code that begins with %q is not in an example", first))
		}
	}
	return wrong
}

// checkFacts finds what a page says to stand in a file, as `file.go: text`, and what does not stand there. Spaces do not count.
func checkFacts(page string, read func(file string) string) []string {
	var wrong []string
	for _, match := range facts.FindAllStringSubmatch(page, -1) {
		if file := read(match[1]); !strings.Contains(squeezed(file), squeezed(match[2])) {
			wrong = append(wrong, fmt.Sprintf("%s does not say %q", match[1], match[2]))
		}
	}
	return wrong
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// quotedFiles are the Go files that a page in a folder links to: the code that it shows is theirs.
func quotedFiles(folder, page string) []string {
	var files []string
	for _, match := range goLink.FindAllStringSubmatch(page, -1) {
		if file := path.Join(folder, match[1]); !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}

// flat is a text without the indentation of its lines.
func flat(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

var (
	goBlock  = regexp.MustCompile("(?s)```go\n(.*?)```")
	facts    = regexp.MustCompile("`([a-z_/]+\\.go): ([^`\n]+)`")
	goLink   = regexp.MustCompile(`\]\(([^():]+\.go)\)`)
	inQuotes = regexp.MustCompile("`([^`\n]+)`")
	places   = regexp.MustCompile("`([a-z_/]+\\.go)`: ((?:`\\w+`(?:, )?)+)")
	proof    = regexp.MustCompile("`(Test\\w+)`|`([a-z]+)/([a-z0-9-]+)`")
)

// quoted is everything in a page that is set as code.
func quoted(page string) []string {
	var all []string
	for _, match := range inQuotes.FindAllStringSubmatch(page, -1) {
		all = append(all, strings.TrimSuffix(match[1], "/"))
	}
	return all
}
