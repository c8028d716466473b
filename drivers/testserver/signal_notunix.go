//go:build !unix

package testserver

import (
	"errors"
	"os"
)

func pause(*os.Process) error { return errors.New("this system has no SIGSTOP") }

func resume(*os.Process) error { return errors.New("this system has no SIGCONT") }
