package testserver

import (
	"os/exec"
	"syscall"
)

// endWithParent lets the system kill the process when the test's process dies without having ended it.
func endWithParent(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
