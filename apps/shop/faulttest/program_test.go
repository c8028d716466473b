package faulttest

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the shop's program, as anybody would build it.
type program struct{ path string }

func build(t *testing.T) program {
	t.Helper()
	p := program{path: filepath.Join(t.TempDir(), "shop")}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.path, "github.com/headrace/headrace/apps/shop").CombinedOutput()
	if err != nil {
		t.Fatalf("build the shop: %v\n%s", err, out)
	}
	return p
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// shop is a running shop.
type shop struct {
	t       *testing.T
	command *exec.Cmd
	errs    *bytes.Buffer
	output  sync.WaitGroup
	ended   bool
}

// open starts a shop, or a part of one, and returns when it says what runs in it: it is ready then.
func (p program) open(t *testing.T, addr, directory string, flags ...string) *shop {
	t.Helper()
	s := &shop{t: t, errs: &bytes.Buffer{}}
	s.command = exec.CommandContext(context.WithoutCancel(t.Context()), p.path, append([]string{"-addr", addr, "-data", directory}, flags...)...)
	s.command.Stderr = s.errs
	out, err := s.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	opened := make(chan bool, 1)
	s.output.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "SERVICE") {
				opened <- true
			}
		}
		close(opened)
	})
	if !<-opened {
		s.kill()
		t.Fatalf("the shop did not open:\n%s", s.errs)
	}
	return s
}

// signal ends the shop and returns how it ended.
func (s *shop) signal(sig syscall.Signal) (exit int, by syscall.Signal) {
	s.t.Helper()
	s.ended = true
	if err := s.command.Process.Signal(sig); err != nil {
		s.t.Fatalf("the shop ended by itself: %v\n%s", err, s.errs)
	}
	s.output.Wait()
	_ = s.command.Wait() // its state says more than the error
	status, _ := s.command.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -1, status.Signal()
	}
	return status.ExitStatus(), 0
}

func (s *shop) kill() {
	if !s.ended {
		s.signal(syscall.SIGKILL)
	}
}

// verdict is what shop verify says.
type verdict struct {
	sound         bool
	orders, ended int
	quiet         bool // nothing is under way
	report        string
}

var (
	countOrders = regexp.MustCompile(`(\d+) orders, (\d+) ended`)
	underWay    = regexp.MustCompile(`under way|not heard yet|on their way|wait for a number|is retrying|is waiting`)
)

// verify runs shop verify.
func (p program) verify(t *testing.T, directory string, flags ...string) verdict {
	t.Helper()
	command := exec.CommandContext(t.Context(), p.path, append([]string{"verify", "-data", directory}, flags...)...)
	out, err := command.CombinedOutput()
	v := verdict{sound: err == nil, report: string(out), quiet: !underWay.Match(out)}
	if n := countOrders.FindStringSubmatch(v.report); n != nil {
		v.orders, _ = strconv.Atoi(n[1])
		v.ended, _ = strconv.Atoi(n[2])
	}
	return v
}

// load is shop load under way.
type load struct {
	command *exec.Cmd
	out     bytes.Buffer
}

func (p program) load(t *testing.T, addr string, args ...string) *load {
	t.Helper()
	l := &load{command: exec.CommandContext(t.Context(), p.path, append([]string{"load", "-url", "http://" + addr}, args...)...)}
	l.command.Stdout, l.command.Stderr = &l.out, &l.out
	if err := l.command.Start(); err != nil {
		t.Fatal(err)
	}
	return l
}

var loadSummary = regexp.MustCompile(`(\d+) orders placed in .*; (\d+) failed, (\d+) skipped`)

// stop ends the load and returns how many orders were placed, and how many were not. What had fallen due by then is placed first.
func (l *load) stop(t *testing.T) (placed, not int) {
	t.Helper()
	if err := l.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatalf("load ended by itself: %v\n%s", err, l.out.String())
	}
	err := l.command.Wait()
	n := loadSummary.FindStringSubmatch(l.out.String())
	if err != nil || n == nil {
		t.Fatalf("load: %v\n%s", err, l.out.String())
	}
	placed, _ = strconv.Atoi(n[1])
	failed, _ := strconv.Atoi(n[2])
	skipped, _ := strconv.Atoi(n[3])
	return placed, failed + skipped
}

// pause lets a shop that is under load do so for a while: which moment a kill hits is left to chance.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}
