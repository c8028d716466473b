package faulttest

import (
	"fmt"
	"os"
	"testing"
)

// nodeVariable has the settings of a process that is a node of a world, and not a test.
const nodeVariable = "HEADRACE_FAULTTEST_NODE"

// TestMain makes the test's program that of the nodes, too: they are what was built, with the race detector if the test has it.
func TestMain(m *testing.M) {
	settings := os.Getenv(nodeVariable)
	if settings == "" {
		os.Exit(m.Run())
	}
	if err := runNode(settings); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}
