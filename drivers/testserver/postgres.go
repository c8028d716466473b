package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// PostgresServer is a PostgreSQL server of a test's own. Its database is postgres, its user postgres needs no password.
type PostgresServer struct {
	process *process
	port    int
}

// Postgres makes an empty database cluster, starts its server and waits until it answers; it ends with the test. What it commits is on the
// disk, as in production. Settings are lines of postgresql.conf, such as "deadlock_timeout = 50ms".
//
// PostgreSQL refuses to run as root: for a test that does, it runs as the system's user postgres.
func Postgres(t testing.TB, settings ...string) *PostgresServer {
	t.Helper()
	return PostgresIn(t, "", settings...)
}

// PostgresIn is Postgres with its files in a folder below another one, such as a small disk; "" is the system's folder for temporary files.
func PostgresIn(t testing.TB, parent string, settings ...string) *PostgresServer {
	t.Helper()
	s, err := startPostgres(t, parent, settings)
	for range 5 { // somebody may have taken the port since it was found free
		if err == nil {
			break
		}
		s, err = startPostgres(t, parent, settings)
	}
	s.process.must(err, "start")
	return s
}

func startPostgres(t testing.TB, parent string, settings []string) (*PostgresServer, error) {
	t.Helper()
	s := &PostgresServer{port: freePort(t)}
	s.process = &process{t: t, program: postgresProgram(t, "postgres"), folder: postgresFolder(t, parent), ready: s.answers, prepare: unprivileged}
	data := filepath.Join(s.process.folder, "data")
	s.process.arguments = []string{"-D", data}
	if err := initDatabase(t, s.process.folder, data); err != nil {
		return s, err
	}
	lines := append([]string{
		"listen_addresses = '127.0.0.1'", fmt.Sprint("port = ", s.port), "unix_socket_directories = ''", "max_connections = 300",
		"shared_buffers = 32MB",
	}, settings...)
	config, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return s, err
	}
	_, err = config.WriteString(strings.Join(lines, "\n") + "\n")
	if closed := config.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return s, err
	}
	t.Cleanup(func() {
		if s.process.ended != nil {
			s.StopImmediate()
		}
	})
	return s, s.process.start()
}

func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	return program(t, name, "/usr/lib/postgresql/*/bin", "/usr/libexec/postgresql*", "/usr/pgsql-*/bin")
}

// postgresFolder makes a folder that the server may enter: that of the test belongs to the user who runs the test alone.
func postgresFolder(t testing.TB, parent string) string {
	t.Helper()
	folder, err := os.MkdirTemp(parent, "headrace-postgres-") //nolint:usetesting // another user could not enter t.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	if err := giveAway(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// initDatabase makes the cluster. Its files need not be on the disk before the test begins.
func initDatabase(t testing.TB, folder, data string) error {
	t.Helper()
	command := exec.CommandContext(t.Context(), postgresProgram(t, "initdb"), "--no-sync", "--auth=trust", "--username=postgres",
		"--encoding=UTF8", "--locale=C", "-D", data)
	command.Dir = folder
	if err := unprivileged(command); err != nil {
		return err
	}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("make a database cluster: %w: %s", err, output)
	}
	return nil
}

func (s *PostgresServer) answers() error {
	_, err := s.psql("SELECT 1")
	return err
}

func (s *PostgresServer) psql(query string) (string, error) { return psql(s.process.t, s.URL(), query) }

func psql(t testing.TB, url, query string) (string, error) {
	command := exec.CommandContext(t.Context(), postgresProgram(t, "psql"), "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", query, url)
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return strings.TrimSpace(string(output)), nil
}

// URL is the server's address as clients take it.
func (s *PostgresServer) URL() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

// Do runs a query on a connection of its own and returns what psql shows of its rows: one per line, with | between columns.
func (s *PostgresServer) Do(query string) string {
	s.process.t.Helper()
	shown, err := s.psql(query)
	s.process.must(err, "ask "+query+" of")
	return shown
}

// Log is what the server has written to its log so far.
func (s *PostgresServer) Log() string {
	s.process.t.Helper()
	log, err := os.ReadFile(s.process.logFile())
	s.process.must(err, "read the log of")
	return string(log)
}

// TerminateBackends ends all connections but its own, as an administrator would, and returns how many there were.
func (s *PostgresServer) TerminateBackends() string {
	s.process.t.Helper()
	return s.Do(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`)
}

// StopImmediate ends the server without letting it put anything in order ("immediate shutdown"), as a crash of it would: what it has not
// committed is lost, and it recovers when it is started again.
func (s *PostgresServer) StopImmediate() {
	s.process.t.Helper()
	select {
	case <-s.process.ended:
		return
	default:
	}
	s.process.must(s.process.command.Process.Signal(syscall.SIGQUIT), "stop")
	select {
	case <-s.process.ended:
	case <-time.After(patience):
		s.process.Kill()
	}
}

// Restart starts the server again, at the same address and with the files that it left. One that still runs is stopped first.
func (s *PostgresServer) Restart() {
	s.process.t.Helper()
	s.StopImmediate()
	s.process.must(s.process.start(), "restart")
}
