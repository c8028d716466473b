package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// SmallDisk mounts a disk in memory of so many megabytes and returns its folder. It goes with the test. Only root may mount, where the machine
// lets it: for others the test is skipped, and fails where CI is true.
func SmallDisk(t testing.TB, megabytes int) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "headrace-disk-") //nolint:usetesting // another user has to get in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(folder) }) // it is empty without the disk
	mount := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=0755", megabytes), "headrace", folder)
	if output, err := mount.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("a small disk cannot be mounted: %v: %s", err, output)
		}
		t.Skipf("a small disk can be mounted by root only, where the machine allows it: %v: %s", err, output)
	}
	t.Cleanup(func() {
		if output, err := exec.Command("umount", "-l", folder).CombinedOutput(); err != nil {
			t.Errorf("unmount %s: %v: %s", folder, err, output)
		}
	})
	return folder
}
