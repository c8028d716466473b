package testserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// patience is how long a server may take to answer after it was started.
const patience = 30 * time.Second

// again is the pause between two looks at a server that does not answer yet.
const again = 5 * time.Millisecond

// process is a server's process. It can be killed and started again with the same arguments.
type process struct {
	t         testing.TB
	program   string
	arguments []string
	folder    string
	ready     func() error          // whether it answers; asked again and again until it is nil
	prepare   func(*exec.Cmd) error // changes how it is started; may be nil

	command *exec.Cmd
	ended   chan struct{} // closed when command has ended
}

// start starts the process and waits until it is ready. It returns an error if the process ends before.
func (p *process) start() error {
	p.t.Helper()
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the process has its own copy
	p.command = exec.Command(p.program, p.arguments...)
	p.command.Dir, p.command.Stdout, p.command.Stderr = p.folder, log, log
	endWithParent(p.command)
	if p.prepare != nil {
		if err := p.prepare(p.command); err != nil {
			return err
		}
	}
	if err := p.command.Start(); err != nil {
		return err
	}
	p.ended = make(chan struct{})
	go func(c *exec.Cmd, ended chan struct{}) {
		_ = c.Wait() // how it ends is for the log
		close(ended)
	}(p.command, p.ended)
	return p.await()
}

func (p *process) await() error {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	look := time.NewTicker(again)
	defer look.Stop()
	for {
		err := p.ready()
		if err == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-p.ended:
			return errors.New("it has ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not get ready: %w", err)
		}
	}
}

// must ends the test with the end of the server's log if something went wrong.
func (p *process) must(err error, what string) {
	p.t.Helper()
	if err != nil {
		log, _ := os.ReadFile(p.logFile())
		p.t.Fatalf("%s %s: %v; its log ends with:\n%s", what, filepath.Base(p.program), err, log[max(0, len(log)-4000):])
	}
}

func (p *process) logFile() string { return filepath.Join(p.folder, "server.log") }

// Kill ends the server at once (SIGKILL), as a crash would, and waits until it has ended. A server that has ended stays so.
func (p *process) Kill() {
	p.t.Helper()
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.must(err, "kill")
	}
	<-p.ended
}

// Restart starts the server again, at the same address and with the files that it left. One that still runs is killed first.
func (p *process) Restart() {
	p.t.Helper()
	p.Kill()
	p.must(p.start(), "restart")
}

// Stop pauses the server (SIGSTOP): its connections stay, and nothing is answered until Continue.
func (p *process) Stop() {
	p.t.Helper()
	p.must(pause(p.command.Process), "stop")
}

// Continue ends the pause (SIGCONT).
func (p *process) Continue() {
	p.t.Helper()
	p.must(resume(p.command.Process), "continue")
}

// PID is the number of the server's process.
func (p *process) PID() int { return p.command.Process.Pid }

// freePort returns a port of the loopback interface that nobody uses, and whose neighbour 10,000 above nobody uses either. It lies below the
// ports that systems give to outgoing connections, so that it is still free when the server is restarted.
func freePort(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := 15_000 + rand.IntN(7_000)
		if isFree(port) && isFree(port+10_000) {
			return port
		}
	}
	t.Fatal("there is no free port")
	return 0
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
