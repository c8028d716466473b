package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
)

// holderVariable names the database that a process of TestMain is to hold until it is killed.
const holderVariable = "HEADRACE_TEST_HOLD"

var heldPartition = driver.Partition{Topic: "orders", Number: 2}

// TestMain is also the program of the second process that some tests need.
func TestMain(m *testing.M) {
	path, hold := os.LookupEnv(holderVariable)
	if !hold {
		os.Exit(m.Run())
	}
	if err := holdDatabase(path); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// holdDatabase works on a database, says so, and works on until the process is killed.
func holdDatabase(path string) error {
	ctx := context.Background()
	store, err := Open(ctx, Config{Path: path, Schema: valueSchema})
	if err != nil {
		return err
	}
	cursors := map[driver.Partition]driver.Position{heldPartition: driver.Start}
	if err := store.EnsureCursors(ctx, "billing", cursors); err != nil {
		return err
	}
	if _, _, err := store.Acquire(ctx, "billing", heldPartition, "child", time.Hour); err != nil {
		return err
	}
	for n := 0; ; n++ {
		tx, err := store.Begin(ctx, driver.TxOptions{})
		if err != nil {
			return err
		}
		put := fmt.Sprintf(`INSERT INTO value (key, value) VALUES ('%06d', 'a'), ('%06d+', 'b')`, n, n)
		if _, err := tx.(driver.SQLTx).SQL().ExecContext(ctx, put); err != nil {
			return err
		}
		if err := tx.Commit(ctx); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// startHolder starts a process that holds a database, and returns it together with what it prints.
func startHolder(t *testing.T, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), holderVariable+"="+path)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	t.Cleanup(func() {
		_ = child.Process.Kill() // it is dead already if all went well
		_ = child.Wait()
	})
	return child, bufio.NewScanner(out)
}

func TestSecondProcessIsRefusedUntilTheFirstIsKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "service.db")
	child, said := startHolder(t, path)
	committed := -1
	for committed < 20 && said.Scan() {
		var err error
		committed, err = strconv.Atoi(said.Text())
		must(t, err)
	}
	_, err := Open(t.Context(), Config{Path: path})
	if !errors.Is(err, driver.ErrLocked) {
		t.Fatalf("open what another process has open: %v", err)
	}
	for _, part := range []string{path + ".lock", "process " + strconv.Itoa(child.Process.Pid)} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not name %s", err, part)
		}
	}
	must(t, child.Process.Kill())
	for said.Scan() { // until the process is gone
		committed, _ = strconv.Atoi(said.Text())
	}
	_ = child.Wait() // it was killed

	store := openStore(t, path, valueSchema)
	var rows int
	must(t, store.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM value`).Scan(&rows))
	if rows%2 != 0 || rows < 2*(committed+1) {
		t.Errorf("there are %d rows, of %d transactions that said they had committed two each", rows, committed+1)
	}
	l, ok, err := store.Acquire(t.Context(), "billing", heldPartition, "successor", time.Second)
	if err != nil || !ok || !l.Dirty || l.Fence != 2 {
		t.Errorf("lease of a process that was killed: %+v, %v, %v; want it free and dirty at once", l, ok, err)
	}
}

func TestOneProcessOpensOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "service.db")
	store := openStore(t, path, "")
	must(t, os.Symlink(path, filepath.Join(dir, "link.db")))
	must(t, os.Symlink(dir, filepath.Join(dir, "linked")))
	for _, name := range []string{path, filepath.Join(dir, "link.db"), filepath.Join(dir, "linked", "service.db"), dir + "/./service.db"} {
		_, err := Open(t.Context(), Config{Path: name})
		if !errors.Is(err, driver.ErrLocked) || !strings.Contains(err.Error(), "this process") {
			t.Errorf("open %s again: %v", name, err)
		}
	}
	must(t, store.Close())
	must(t, openStore(t, path, "").Close())
}

// A child that inherits the lock's file, as every child does until it has become its program, does not keep the lock.
func TestCloseUnlocksWhateverChildrenHave(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "service.db")
	lock, err := lockFile(path + ".lock")
	must(t, err)
	child := exec.CommandContext(t.Context(), "cat")
	child.ExtraFiles = []*os.File{lock.file}
	in, err := child.StdinPipe()
	must(t, err)
	must(t, child.Start())
	must(t, lock.release())
	store := openStore(t, path, "")
	must(t, in.Close())
	must(t, child.Wait())
	must(t, store.Close())
}

// Leases that were given back stay clean over a restart; others are free and dirty, whatever is left of their time.
func TestReopenFreesLeases(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "service.db")
	ctx := t.Context()
	held, given := driver.Partition{Topic: "orders", Number: 0}, driver.Partition{Topic: "orders", Number: 1}
	store := openStore(t, path, "")
	must(t, store.EnsureCursors(ctx, "billing", map[driver.Partition]driver.Position{held: driver.Start, given: driver.Start}))
	for _, p := range []driver.Partition{held, given} {
		l, ok, err := store.Acquire(ctx, "billing", p, "me", time.Hour)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if p == given {
			must(t, store.Release(ctx, "billing", []driver.Lease{l}))
		}
	}
	_, err := store.Heartbeat(ctx, "me", time.Hour)
	must(t, err)
	must(t, store.Close())

	store = openStore(t, path, "")
	members, err := store.Heartbeat(ctx, "you", time.Hour)
	must(t, err)
	if len(members.Members) != 1 || members.Slots[0].Owner != "" {
		t.Errorf("the process before is still there: %+v", members)
	}
	for p, dirty := range map[driver.Partition]bool{held: true, given: false} {
		l, ok, err := store.Acquire(ctx, "billing", p, "you", time.Hour)
		if err != nil || !ok || l.Dirty != dirty || l.Fence != 2 {
			t.Errorf("acquire %s: %+v, %v, %v; want it with fence 2, dirty %v", p, l, ok, err, dirty)
		}
	}
}
