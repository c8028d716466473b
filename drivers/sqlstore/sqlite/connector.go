package sqlite

import (
	"context"
	"database/sql/driver"
	"net/url"
	"strings"
)

// busyTimeout is how long, in milliseconds, a statement waits for a lock that another process has for a moment, such as a shell.
const busyTimeout = "5000"

// dsn is how the driver is told to open a file, and how the connection is set up.
func dsn(path string, readOnly bool) string {
	pragmas := url.Values{
		"_pragma": {
			"journal_mode(wal)", "synchronous(full)", "foreign_keys(on)", "busy_timeout(" + busyTimeout + ")",
			"journal_size_limit(67108864)", // what the log shrinks to after it had to grow
		},
	}
	if readOnly {
		pragmas.Add("_pragma", "query_only(on)")
	}
	escape := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")
	return "file:" + escape.Replace(path) + "?" + pragmas.Encode()
}

// connector opens connections that keep their statements prepared and know whether their transaction still exists.
type connector struct {
	driver.Connector
	readOnly bool
}

// Connect implements [driver.Connector].
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return newConn(base.(baseConn), c.readOnly), nil
}
