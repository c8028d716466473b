package arch

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestImports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, imports string
		problem       string // part of what is said; empty: nothing is
	}{
		{"tx.go", "database/sql", ""},
		{"tx.go", home + "/driver", ""},
		{"tx.go", home + "/memory", "there is no edge from headrace to memory"},
		{"tx_test.go", home + "/memory", ""},
		{"tx.go", home + "/drivers/redis", "there is no edge from headrace to redis"},
		{"tx_test.go", "github.com/stretchr/testify/require", "tx_test.go:3: . may not import github.com/stretchr/testify/require"},
		{"driver/store.go", home, "there is no edge from driver to headrace"},
		{"memory/store.go", home, "there is no edge from memory to headrace"},
		{"memory/store.go", home + "/internal/uuid", ""},
		{"drivers/sqlstore/store.go", home + "/internal/uuid", "there is no edge from sqlstore to internal"},
		{"saga/step.go", home, ""},
		{"saga/step.go", home + "/aggregate", "there is no edge from pattern to pattern"},
		{"driver/drivertest/suite.go", home + "/memory", "there is no edge from drivertest to memory"},
		{"drivers/sqlstore/store.go", home, "there is no edge from sqlstore to headrace"},
		{"drivers/sqlstore/store.go", "modernc.org/sqlite", "drivers/sqlstore may not import modernc.org/sqlite"},
		{"drivers/sqlstore/sqlite/open.go", "modernc.org/sqlite/lib", ""},
		{"drivers/sqlstore/sqlite/open.go", "modernc.org/sqlite3", "may not import modernc.org/sqlite3"},
		{"drivers/redis/broker.go", home + "/apps/shop/money", "there is no edge from redis to value"},
		{"apps/shop/orders/service.go", home + "/apps/shop/orders/contract", ""},
		{"apps/shop/orders/service.go", home + "/apps/shop/payments/contract", ""},
		{"apps/shop/orders/service.go", home + "/apps/shop/payments", "there is no edge from service to service"},
		{"apps/shop/orders/contract/events.go", home + "/apps/shop/orders", "there is no edge from contract to service"},
		{"apps/shop/payments/provider/file.go", home, "there is no edge from provider to headrace"},
		{"apps/shop/gateway/routes.go", home + "/apps/shop/orders", "there is no edge from gateway to service"},
		{"apps/shop/verify/verify.go", home, "there is no edge from verify to headrace"},
		{"apps/shop/verify/verify.go", home + "/apps/shop/orders/contract", "there is no edge from verify to contract"},
		{"apps/shop/main.go", home + "/apps/shop/orders", ""},
	} {
		t.Run(c.file+" imports "+c.imports, func(t *testing.T) {
			t.Parallel()
			sources := tree(t, c.file, "package p\n\nimport _ \""+c.imports+"\"\n")
			expect(t, append(checkRooms(sources), checkImports(sources)...), c.problem)
		})
	}
}

func TestFolderWithoutARoom(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"util/strings.go", "drivers/kafka/broker.go", "apps/shop/helpers/h.go", "apps/shop/contract/c.go", "driver/x/x.go"} {
		expect(t, checkRooms(tree(t, file, "package p\n")), "the folder has no room")
	}
}

func TestSomeFoldersArePassedOver(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/x/x.go", "memory/testdata/x.go", ".bin/x.go", "_old/x.go"} {
		if sources := tree(t, file, "this is no Go"); len(sources) != 0 {
			t.Errorf("%s was read", file)
		}
	}
}

func TestFileThatIsNoGoIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := read(fstest.MapFS{"x.go": {Data: []byte("this is no Go")}}); err == nil {
		t.Error("there is no error")
	}
}

// tree is a repository with one file.
func tree(t *testing.T, file, text string) []source {
	t.Helper()
	sources, err := read(fstest.MapFS{file: {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// expect says what is wrong with what a check said: it should have said one thing that contains the problem, or nothing if that is empty.
func expect(t *testing.T, wrong []string, problem string) {
	t.Helper()
	switch {
	case problem == "" && len(wrong) > 0:
		t.Errorf("it should be fine: %q", wrong)
	case problem != "" && (len(wrong) != 1 || !strings.Contains(wrong[0], problem)):
		t.Errorf("it says %q, not that %q", wrong, problem)
	}
}
