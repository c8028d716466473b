package arch

import (
	"fmt"
	"strings"
)

// checkRooms names folders that have no room.
func checkRooms(sources []source) []string {
	var wrong []string
	seen := map[string]bool{}
	for _, s := range sources {
		if _, ok := roomOf(s.folder()); !ok && !seen[s.folder()] {
			seen[s.folder()] = true
			wrong = append(wrong, fmt.Sprintf("%s: the folder has no room: add it to internal/arch/rooms.go, what it may import to edges.go, "+
				"and what it is for to docs/architecture.md", s.folder()))
		}
	}
	return wrong
}

// checkImports names imports for which there is no edge.
func checkImports(sources []source) []string {
	var wrong []string
	for _, s := range sources {
		from, ok := roomOf(s.folder())
		if !ok {
			continue // checkRooms says so
		}
		for _, i := range s.imports {
			if problem := checkImport(from, i.path, s.test); problem != "" {
				wrong = append(wrong, fmt.Sprintf("%s:%d: %s", s.path, i.line, problem))
			}
		}
	}
	return wrong
}

func checkImport(from room, target string, test bool) string {
	switch folder, ours := ownFolder(target); {
	case ours:
		to, ok := roomOf(folder)
		if !ok || to == from || allowed(from.kind, to.kind, test) {
			return ""
		}
		return fmt.Sprintf("%s may not import %s: there is no edge from %s to %s in internal/arch/edges.go; find another way, or add the edge with "+
			"its reason", from.pattern, folder, from.kind, to.kind)
	case isStandard(target), allowedLibrary(from.kind, target, test):
		return ""
	}
	return fmt.Sprintf("%s may not import %s: it is not in internal/arch/edges.go; do without, or add the edge with its reason and a record in "+
		"docs/adr that says what it replaces, what it weighs and who keeps it up", from.pattern, target)
}

// ownFolder returns the folder of a package of this repository.
func ownFolder(target string) (string, bool) {
	if target == home {
		return ".", true
	}
	return strings.CutPrefix(target, home+"/")
}

// isStandard tells the standard library by the missing dot in the first element of its paths.
func isStandard(target string) bool {
	first, _, _ := strings.Cut(target, "/")
	return !strings.Contains(first, ".")
}

// allowedLibrary looks for an edge to the library's module: the path itself or one above it.
func allowedLibrary(from, target string, test bool) bool {
	for module := target; module != ""; {
		if allowed(from, module, test) {
			return true
		}
		cut := strings.LastIndex(module, "/")
		if cut < 0 {
			return false
		}
		module = module[:cut]
	}
	return false
}
