package arch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the root of the repository, as seen from this package.
const root = "../.."

func TestRepository(t *testing.T) {
	t.Parallel()
	sources, err := read(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) == 0 {
		t.Fatal("no Go file was found")
	}
	t.Run("every folder has a room", func(t *testing.T) { report(t, checkRooms(sources)) })
	t.Run("imports have an edge", func(t *testing.T) { report(t, checkImports(sources)) })
	t.Run("time comes from the clock", func(t *testing.T) { reportEach(t, sources, checkClock) })
	t.Run("nothing runs by itself", func(t *testing.T) { reportEach(t, sources, checkInit) })
	t.Run("files and functions are short", func(t *testing.T) { reportEach(t, sources, checkSize) })
	t.Run("tests test", func(t *testing.T) { report(t, checkTests(sources)) })
}

func TestDocsAreTrue(t *testing.T) {
	t.Parallel()
	sources, err := read(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the file map is whole", func(t *testing.T) { report(t, checkMap(page(t, "docs/architecture.md"), sources)) })
	t.Run("places exist", func(t *testing.T) { report(t, checkPlaces(page(t, "docs/architecture.md"), sources)) })
	t.Run("the readme shows what ran", func(t *testing.T) { report(t, checkQuote(page(t, "README.md"), page(t, "example_test.go"))) })
	t.Run("guides show what compiles", func(t *testing.T) { reportGuides(t) })
	t.Run("proofs exist", func(t *testing.T) { report(t, checkProofs(page(t, "docs/guarantees.md"), sources)) })
}

// reportGuides compares the code in every guide with the files that the guide links to.
func reportGuides(t *testing.T) {
	t.Helper()
	guides, err := filepath.Glob(root + "/docs/guides/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatalf("there are no guides: %v", err)
	}
	for _, guide := range guides {
		name := "docs/guides/" + filepath.Base(guide)
		var examples []string
		for _, file := range quotedFiles("docs/guides", page(t, name)) {
			examples = append(examples, page(t, file))
		}
		for _, wrong := range checkQuote(page(t, name), examples...) {
			t.Errorf("%s: %s that it links to", name, wrong)
		}
		for _, wrong := range checkFacts(page(t, name), func(file string) string { return page(t, file) }) {
			t.Errorf("%s: %s", name, wrong)
		}
	}
}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCoreModuleHasNoDependencies(t *testing.T) {
	t.Parallel()
	report(t, checkCoreModule(page(t, "go.mod")))
}

func TestTablesAreSound(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for _, r := range rooms {
		kinds[r.kind] = true
	}
	seen := map[edge]bool{}
	for _, e := range append(append([]edge{}, edges...), inTests...) {
		library := strings.Contains(e.to, ".")
		switch way := (edge{from: e.from, to: e.to}); {
		case !kinds[e.from] || !library && !kinds[e.to]:
			t.Errorf("edge %s → %s: there is no room of this kind", e.from, e.to)
		case library && slices.Contains(core, e.from):
			t.Errorf("edge %s → %s: the core has no dependencies", e.from, e.to)
		case library && !strings.Contains(e.reason, "docs/adr/"):
			t.Errorf("edge %s → %s: the reason does not name the record in docs/adr", e.from, e.to)
		case e.reason == "":
			t.Errorf("edge %s → %s has no reason", e.from, e.to)
		case seen[way]:
			t.Errorf("edge %s → %s is there twice", e.from, e.to)
		default:
			seen[way] = true
		}
	}
}

func reportEach(t *testing.T, sources []source, check func(source) []string) {
	t.Helper()
	for _, s := range sources {
		report(t, check(s))
	}
}

func report(t *testing.T, wrong []string) {
	t.Helper()
	for _, w := range wrong {
		t.Error(w)
	}
}
