package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// PgBouncerServer is a PgBouncer of a test's own, before a [PostgresServer].
type PgBouncerServer struct {
	process *process
	port    int
	// Prepares says that it knows prepared statements, as versions since 1.21 do: then it keeps up to 100 of them on each connection.
	Prepares bool
}

// PgBouncer starts a PgBouncer in transaction mode before a server and waits until it passes statements on; it ends with the test. Whatever
// name a client gives to the database, it gets the server's, and clients that give the same name share connections. Settings are lines of
// its configuration, such as "default_pool_size = 2".
//
// PgBouncer refuses to run as root: for a test that does, it runs as the system's user postgres.
func PgBouncer(t testing.TB, server *PostgresServer, settings ...string) *PgBouncerServer {
	t.Helper()
	s, err := startPgBouncer(t, server, settings)
	for range 5 { // somebody may have taken the port since it was found free
		if err == nil {
			break
		}
		s, err = startPgBouncer(t, server, settings)
	}
	s.process.must(err, "start")
	return s
}

func startPgBouncer(t testing.TB, server *PostgresServer, settings []string) (*PgBouncerServer, error) {
	t.Helper()
	s := &PgBouncerServer{port: freePort(t)}
	s.process = &process{t: t, program: program(t, "pgbouncer", "/usr/sbin"), folder: postgresFolder(t, ""), prepare: unprivileged}
	s.process.ready = func() error {
		_, err := psql(t, s.URL("ready"), "SELECT 1")
		return err
	}
	file := filepath.Join(s.process.folder, "pgbouncer.ini")
	s.process.arguments = []string{file}
	var err error
	if s.Prepares, err = preparesStatements(s.process.program); err != nil {
		return s, err
	}
	lines := []string{
		"[databases]", fmt.Sprintf("* = host=127.0.0.1 port=%d dbname=postgres user=postgres", server.port),
		"[pgbouncer]", "listen_addr = 127.0.0.1", fmt.Sprint("listen_port = ", s.port), "unix_socket_dir =", "auth_type = any",
		"pool_mode = transaction", "max_client_conn = 1000",
	}
	if s.Prepares {
		lines = append(lines, "max_prepared_statements = 100")
	}
	if err := os.WriteFile(file, []byte(strings.Join(append(lines, settings...), "\n")+"\n"), 0o644); err != nil { //nolint:gosec // it is read by another user
		return s, err
	}
	t.Cleanup(func() {
		if s.process.ended != nil {
			s.process.Kill()
		}
	})
	return s, s.process.start()
}

// preparesStatements reads the version: "PgBouncer 1.21.0".
func preparesStatements(program string) (bool, error) {
	output, err := exec.Command(program, "--version").Output()
	if err != nil {
		return false, fmt.Errorf("ask %s for its version: %w", program, err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(output), "PgBouncer %d.%d", &major, &minor); err != nil {
		return false, fmt.Errorf("read the version of %s from %q: %w", program, output, err)
	}
	return major > 1 || minor >= 21, nil
}

// URL is the address of a database as clients take it. Databases of different names share nothing but the server.
func (s *PgBouncerServer) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// Kill ends the pooler at once, as a crash would; Restart starts it again at the same address.
func (s *PgBouncerServer) Kill() {
	s.process.t.Helper()
	s.process.Kill()
}

// Restart starts the pooler again. One that still runs is killed first.
func (s *PgBouncerServer) Restart() {
	s.process.t.Helper()
	s.process.Restart()
}
