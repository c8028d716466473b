package arch

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestFileMap(t *testing.T) {
	t.Parallel()
	sources, err := read(fstest.MapFS{
		"app.go":                         {Data: []byte("package p\n")},
		"app_test.go":                    {Data: []byte("package p\n")},
		"memory/store.go":                {Data: []byte("package p\n")},
		"apps/shop/orders/service.go":    {Data: []byte("package p\n")},
		"apps/shop/orders/other/more.go": {Data: []byte("package p\n")},
		"apps/shop/orders/contract/e.go": {Data: []byte("package p\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	const whole = "# A\n\n## File map\n\n`app.go`: an app. `memory/`: in memory. `apps/shop/orders` takes orders, `apps/shop/*/contract`\n\n## More\n\n`gone.go`\n"
	for page, problem := range map[string]string{
		whole:               "",
		"# A\n\n`app.go`\n": "no section \"File map\"",
		"\n## File map\n`app.go` `memory/` `apps/shop/*/contract`":                                                                              "apps/shop/orders is not in the file map",
		"\n## File map\n`memory/` `apps/shop/orders` `apps/shop/*/contract`":                                                                    "app.go is not in the file map",
		"\n## File map\n`app.go` `memory/` `apps/shop/orders` `apps/shop/*/contract` `relay.go`":                                                "has relay.go, which is not there",
		"\n## File map\n`app.go` `memory/` `apps/shop/orders` `apps/shop/*/contract` `saga/`":                                                   "has saga, which is not there",
		"\n## File map\n`app.go` `apps/shop/orders/service.go` `store.go` `memory/` `apps/shop/orders` `apps/shop/*/contract`\n## X `relay.go`": "",
	} {
		expect(t, checkMap(page, sources), problem)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	sources := tree(t, "relay.go", "package p\nfunc lead() {}\nfunc (r *relay) work() {}\n")
	for page, problem := range map[string]string{
		"look in `relay.go`: `lead`, `work`; `retry.go`": "",
		"look in `relay.go`: `work`, `rest`":             "rest in relay.go, which is not there",
		"look in `retry.go`: `lead`":                     "lead in retry.go, which is not there",
	} {
		expect(t, checkPlaces(page, sources), problem)
	}
}

func TestProofs(t *testing.T) {
	t.Parallel()
	sources, err := read(fstest.MapFS{
		"a_test.go":                 {Data: []byte("package p\nfunc TestA(t *testing.T) {}\n")},
		"driver/drivertest/case.go": {Data: []byte("package p\nvar c = []string{\"outbox\", \"keeps-order\"}\n")},
		"b.go":                      {Data: []byte("package p\nvar c = \"lonely\"\nfunc TestB() {}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for page, problem := range map[string]string{
		"| 1 | `TestA`, `outbox/keeps-order` |": "",
		"| 1 | `TestC` |":                       "names `TestC`, which is not there",
		"| 1 | `TestB` |":                       "names `TestB`, which is not there",
		"| 1 | `outbox/loses-order` |":          "names `outbox/loses-order`, which is not there",
		"| 1 | `outbox/lonely` |":               "names `outbox/lonely`, which is not there",
		"| 1 | `Unavailable`, `kill -9` |":      "",
	} {
		expect(t, checkProofs(page, sources), problem)
	}
}

func TestCheckQuoteFindsCodeThatNeverRan(t *testing.T) {
	t.Parallel()
	example := "func Example() {\n\tone()\n\tif x {\n\t\ttwo()\n\t}\n}\n"
	if wrong := checkQuote("text\n```go\none()\nif x {\n\ttwo()\n}\n```\n", example); len(wrong) > 0 {
		t.Errorf("a true quotation is wrong: %q", wrong)
	}
	if wrong := checkQuote("```go\none()\n```\n```go\nthree()\n```\n", example, "three()\n"); len(wrong) > 0 {
		t.Errorf("quotations of two examples are wrong: %q", wrong)
	}
	if wrong := checkQuote("```go\none()\n```\n"); len(wrong) != 1 {
		t.Errorf("a quotation of no example: %q, want one complaint", wrong)
	}
	if wrong := checkQuote("```go\none()\n```\n\n```go\none()\ntwo()\n```\n", example); len(wrong) != 1 {
		t.Errorf("a quotation that leaves out a line: %q, want one complaint", wrong)
	}
}

func TestQuotedFiles(t *testing.T) {
	t.Parallel()
	const page = "[a](watermill/a.go) and [b](../../drivers/b_test.go), [again](watermill/a.go), [page](c.md), [web](https://example.org/d.go)"
	if files := quotedFiles("docs/guides", page); !slices.Equal(files, []string{"docs/guides/watermill/a.go", "drivers/b_test.go"}) {
		t.Errorf("links go to %q", files)
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	read := func(string) string { return "const (\n\tpoll   = 5 * time.Second // often\n)\n" }
	for page, problem := range map[string]string{
		"every 5 s, `relay.go: poll = 5 * time.Second`": "",
		"every 6 s, `relay.go: poll = 6 * time.Second`": "relay.go does not say \"poll = 6 * time.Second\"",
		"look in `relay.go`: `lead`":                    "",
	} {
		expect(t, checkFacts(page, read), problem)
	}
}
