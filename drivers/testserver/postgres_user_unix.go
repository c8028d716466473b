//go:build unix

package testserver

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// postgresUser is who runs a server that refuses to be run by root; nil if we are not root.
func postgresUser() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// unprivileged lets a program run as that user.
func unprivileged(c *exec.Cmd) error {
	credential, err := postgresUser()
	if err != nil || credential == nil {
		return err
	}
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Credential = credential
	return nil
}

// giveAway makes a folder that user's.
func giveAway(folder string) error {
	credential, err := postgresUser()
	if err != nil || credential == nil {
		return err
	}
	return os.Chown(folder, int(credential.Uid), int(credential.Gid))
}
