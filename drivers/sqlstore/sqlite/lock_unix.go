//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/headrace/headrace/driver"
)

// fileLock keeps other processes away from a database. The kernel gives it up when the process dies, however it dies.
type fileLock struct{ file *os.File }

// lockFile takes the lock and writes the process's number into its file. The file stays there when the lock is released.
func lockFile(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err = takeLock(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &fileLock{file}, nil
}

func takeLock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return fmt.Errorf("%w: %s is held by %s", driver.ErrLocked, file.Name(), holder(file))
	case err != nil:
		return fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	if err = file.Truncate(0); err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", file.Name(), err)
	}
	return nil
}

// holder says who has the lock, as far as the file tells.
func holder(file *os.File) string {
	content, err := io.ReadAll(io.LimitReader(file, 32))
	pid, notANumber := strconv.Atoi(strings.TrimSpace(string(content)))
	switch {
	case err != nil || notANumber != nil:
		return "another process"
	case pid == os.Getpid():
		return "this process (" + strconv.Itoa(pid) + "), which has it open already"
	}
	return "process " + strconv.Itoa(pid)
}

// release unlocks before it closes: a child that this process is just starting may have the file open for another moment.
func (l *fileLock) release() error {
	err := syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN)
	if err = errors.Join(err, l.file.Close()); err != nil {
		return fmt.Errorf("release lock file: %w", err)
	}
	return nil
}
