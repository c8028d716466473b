package arch

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

var write = flag.Bool("write", false, "write the table of capabilities into docs/guarantees.md")

func TestCapabilitiesAreShown(t *testing.T) {
	t.Parallel()
	sources, err := read(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	is := page(t, "docs/guarantees.md")
	want, err := withTable(is, capabilityTable(sources))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case is == want:
	case *write:
		if err := os.WriteFile(root+"/docs/guarantees.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the table of capabilities in docs/guarantees.md is old: run go test ./internal/arch -write")
	}
}

func TestCapabilityTable(t *testing.T) {
	t.Parallel()
	sources, err := read(fstest.MapFS{
		"driver/drivertest/backend.go": {Data: []byte("package drivertest\ntype Capabilities struct {\n// SQL: a [driver.SQLTx]\n// it is.\nSQL bool\n// Many: of them.\nMany bool\n}\n")},
		"b_test.go":                    {Data: []byte("package p\nvar b = drivertest.Backend{Name: \"B\", Has: drivertest.Capabilities{Many: true, SQL: false}}\n")},
		"a_test.go":                    {Data: []byte("package p\nvar a = drivertest.Backend{Has: drivertest.Capabilities{SQL: true}, Name: \"A\"}\nvar c = drivertest.Backend{}\n")},
		"no.go":                        {Data: []byte("package p\nvar b = drivertest.Backend{Name: \"C\"}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "| capability | A | B |\n|---|---|---|\n| **SQL**: a `driver.SQLTx` it is | yes | |\n| **Many**: of them | | yes |\n"
	if got := capabilityTable(sources); got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
	page, err := withTable("a\n"+tableBegins+"old\n"+tableEnds+"\nz\n", want)
	if err != nil || !strings.Contains(page, want) || strings.Contains(page, "old") {
		t.Errorf("page with the table: %q, %v", page, err)
	}
	if _, err := withTable("a\n", want); err == nil {
		t.Error("a page without marks is no error")
	}
}
