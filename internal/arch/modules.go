package arch

import (
	"fmt"
	"strings"
)

// checkCoreModule finds anything in the core's go.mod that would reach those who use it: it has a name and a Go version, and nothing else.
func checkCoreModule(gomod string) []string {
	var wrong []string
	for line := range strings.Lines(gomod) {
		switch word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word {
		case "", "//", "module", "go":
		default:
			wrong = append(wrong, fmt.Sprintf("go.mod: %q: the root module has no dependencies; what needs one belongs in drivers or apps",
				strings.TrimSpace(line)))
		}
	}
	return wrong
}
