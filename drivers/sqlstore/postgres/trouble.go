package postgres

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// conflicts are the codes of errors with which PostgreSQL gives up on a transaction because of others: a serialization failure, a deadlock, a
// lock that was not to be had in time.
var conflicts = [...]string{"40001", "40P01", "55P03"}

// Conflict implements [sqlstore.Dialect]. A transaction whose connection was lost before COMMIT was sent had no effect, either.
func (dialect) Conflict(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(conflicts[:], e.Code) || errors.Is(err, errLost)
}

// UnknownOutcome implements [sqlstore.Dialect]. A COMMIT is known to have failed when the server says so, as long as it does not say goodbye with
// it, or when it was not sent. That is not asked of pgx: its SafeToRetry may be true of a COMMIT that was sent and not answered, because the error
// is that of asking a closed connection for more.
func (dialect) UnknownOutcome(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, errLost) {
		return false
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return !ok || e.Severity == "FATAL" || e.Severity == "PANIC" || strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P")
}
