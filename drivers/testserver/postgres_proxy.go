package testserver

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// PostgresProxy is a [Proxy] in front of a [PostgresServer] that loses what is said about a statement: either the server has never heard of it,
// or it has done it and its answer gets lost. The client cannot tell which, because all it sees is a connection that ends.
type PostgresProxy struct{ *Proxy }

// ProxyPostgres starts a proxy, which loses nothing yet. It ends with the test.
func ProxyPostgres(t testing.TB, server *PostgresServer) PostgresProxy {
	t.Helper()
	return PostgresProxy{StartProxy(t, fmt.Sprint("127.0.0.1:", server.port))}
}

// URL is the proxy's address as clients take it.
func (p PostgresProxy) URL() string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", p.Addr())
}

// LoseAnswers loses the server's answer to the next n statements with this text, such as COMMIT, and their connections with it. It counts from 0.
// Only statements without parameters that come by themselves are found.
func (p PostgresProxy) LoseAnswers(statement string, n int) { p.Swallow(queryMessage(statement), n) }

// LoseStatements loses the next n of these statements before they reach the server, and their connections with them.
func (p PostgresProxy) LoseStatements(statement string, n int) { p.Drop(queryMessage(statement), n) }

// queryMessage is a statement as clients send it.
func queryMessage(statement string) string {
	message := binary.BigEndian.AppendUint32([]byte{'Q'}, uint32(4+len(statement)+1)) //nolint:gosec // it is short
	return string(message) + statement + "\x00"
}
