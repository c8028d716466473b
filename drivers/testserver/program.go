package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program finds a program in PATH or in one of the folders, which may be patterns of [filepath.Glob]; of several the last is taken, so
// that the newest version wins. Without it the test is skipped, and fails where CI is true.
func program(t testing.TB, name string, folders ...string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(folder, name))
		if err == nil && len(found) > 0 {
			return found[len(found)-1]
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not on this machine: scripts/servers.sh installs it", name)
	}
	t.Skipf("%s is not on this machine: scripts/servers.sh installs it", name)
	return ""
}
