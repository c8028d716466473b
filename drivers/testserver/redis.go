package testserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// RedisServer is a redis-server of a test's own.
type RedisServer struct {
	*process
	port int
}

// Redis starts a redis-server and waits until it answers; it ends with the test. Settings are lines of redis.conf, such as
// "appendonly yes", "maxmemory 20mb" or "user reader on >secret ~* +@read". Without any the server keeps nothing on disk and evicts nothing.
func Redis(t testing.TB, settings ...string) *RedisServer {
	t.Helper()
	s, err := startRedis(t, settings)
	for range 5 { // somebody may have taken the port since it was found free
		if err == nil {
			break
		}
		s, err = startRedis(t, settings)
	}
	s.must(err, "start")
	return s
}

func startRedis(t testing.TB, settings []string, arguments ...string) (*RedisServer, error) {
	t.Helper()
	s := &RedisServer{port: freePort(t)}
	s.process = &process{t: t, program: program(t, "redis-server"), folder: t.TempDir(), ready: s.answers}
	file := filepath.Join(s.folder, "redis.conf")
	lines := append([]string{
		"bind 127.0.0.1", fmt.Sprint("port ", s.port), "dir " + strconv.Quote(s.folder), `save ""`, "appendonly no",
		"maxmemory-policy noeviction",
	}, settings...)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return s, err
	}
	s.arguments = append([]string{file}, arguments...)
	t.Cleanup(func() {
		if s.ended != nil {
			s.Kill()
		}
	})
	return s, s.start()
}

// answers tells whether the server works, and has read what it had on disk.
func (s *RedisServer) answers() error {
	reply, err := ask(s.Addr(), "PING")
	if err == nil && strings.HasPrefix(reply, "-LOADING") {
		err = errors.New(reply)
	}
	return err
}

// Addr is the server's host and port.
func (s *RedisServer) Addr() string { return fmt.Sprint("127.0.0.1:", s.port) }

// URL is the server's address as clients take it.
func (s *RedisServer) URL() string { return "redis://" + s.Addr() }

// Do sends one command as one would type it, on a connection of its own, and returns the reply: of a bulk string or a status its text, of
// an error "-" and its text, of an array ":" or "*" and its number.
func (s *RedisServer) Do(command string) string {
	s.t.Helper()
	reply, err := ask(s.Addr(), command)
	s.must(err, "ask "+command+" of")
	return reply
}

// Info is a field of what INFO tells, or "": also when the server does not answer now, because it ends its connections when its role changes.
func (s *RedisServer) Info(field string) string {
	text, _ := ask(s.Addr(), "INFO everything") // no answer has no fields
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found && name == field {
			return value
		}
	}
	return ""
}

// awaitThat waits until something is so.
func (s *RedisServer) awaitThat(what string, so func() bool) {
	s.t.Helper()
	before := s.ready
	s.ready = func() error {
		if !so() {
			return errors.New("not yet: " + what)
		}
		return nil
	}
	s.must(s.await(), "wait for")
	s.ready = before
}
