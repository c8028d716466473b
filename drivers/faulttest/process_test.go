package faulttest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a node, seen from the test.
type process struct {
	t        *testing.T
	name     string
	settings nodeSettings
	command  *exec.Cmd
	orders   io.WriteCloser
	log      *logBuffer
	ended    chan struct{}

	mu   sync.Mutex
	last report
}

// logBuffer is what a node writes to its log, from several goroutines.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// end is the last lines.
func (b *logBuffer) end() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.text.String()
	return text[max(0, len(text)-3000):]
}

// startProcess starts a node and does not wait until it is ready.
func startProcess(t *testing.T, name string, settings nodeSettings) *process {
	t.Helper()
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, name: name, settings: settings, log: &logBuffer{}, ended: make(chan struct{})}
	p.command = exec.Command(os.Args[0])
	p.command.Env = append(os.Environ(), nodeVariable+"="+string(text))
	p.command.Stderr = p.log
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	reports, err := p.command.StdoutPipe()
	if err == nil {
		p.orders, err = p.command.StdinPipe()
	}
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go p.read(reports)
	t.Cleanup(p.kill)
	return p
}

// read takes the node's reports until it has ended.
func (p *process) read(reports io.Reader) {
	defer close(p.ended)
	for lines := bufio.NewScanner(reports); lines.Scan(); {
		var r report
		if json.Unmarshal(lines.Bytes(), &r) == nil { // a node that dies may leave half a line
			p.mu.Lock()
			p.last = r
			p.mu.Unlock()
		}
	}
	_ = p.command.Wait() // its state says how it ended
}

func (p *process) report() report {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.last
	r.Signals = maps.Clone(r.Signals)
	return r
}

// lives reports whether the node has not ended.
func (p *process) lives() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) order(o order) {
	p.t.Helper()
	text, err := json.Marshal(o)
	if err == nil {
		_, err = p.orders.Write(append(text, '\n'))
	}
	if err != nil && p.lives() {
		p.t.Fatalf("%s: order: %v", p.name, err)
	}
}

// signal sends a signal to a node that lives.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil && p.lives() {
		p.t.Fatalf("%s: %v: %v", p.name, s, err)
	}
}

// kill ends the node at once, if it has not ended, and waits for its end.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

// stop asks the node to stop and waits until it has. A node that does not stop in an orderly way is an error.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		if code := p.command.ProcessState.ExitCode(); code != 0 {
			p.t.Errorf("%s: asked to stop, it exits with %d:\n%s", p.name, code, p.log.end())
		}
	case <-time.After(15 * time.Second):
		p.t.Errorf("%s: asked to stop, it does not:\n%s", p.name, p.log.end())
		p.kill()
	}
}

// killed reports whether the node was ended by SIGKILL.
func (p *process) killed() bool {
	status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// stopped reports whether the node stands still after SIGSTOP.
func (p *process) stopped() bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	_, after, found := strings.Cut(string(text), ") ")
	return err == nil && found && strings.HasPrefix(after, "T")
}

// peak is the most memory the node had, in bytes.
func (p *process) peak() int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid)) // of one that has ended there is nothing
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kilobytes, _ := strconv.Atoi(fields[1]) // the system writes numbers
			return kilobytes << 10
		}
	}
	return 0
}
