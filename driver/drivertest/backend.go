package drivertest

import (
	"context"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
)

// Backend is what the suite runs on: a kind of store together with a kind of broker. Store and Broker are required. Both functions are
// called once or more by every case, from cases that run in parallel; they end what they opened with t.Cleanup and call t.Fatal when they
// cannot open it.
type Backend struct {
	// Name is what docs/guarantees.md calls the backend, in the table that is made of what all of them declare; without one it is not shown.
	Name string
	// Store creates a fresh, empty database that goes by the given clock.
	Store func(t testing.TB, clock driver.Clock) Database
	// Broker opens a fresh, empty broker.
	Broker func(t testing.TB) driver.Broker
	// Has is what this backend is able to do beyond what every backend is.
	Has Capabilities
}

// Capabilities are what backends may differ in. The suite fails when one is declared wrongly.
type Capabilities struct {
	// SQL: a transaction of the store is a [driver.SQLTx].
	SQL bool
	// Processes: several processes may have the store's database open at the same time ([Database.Second] opens it once more).
	Processes bool
	// Writers: more than one writing transaction makes sense at once.
	Writers bool
	// Reappend: the broker wants to be given again what it lost ([driver.Broker.Bound] is above 0).
	Reappend bool
	// Direct: what a transaction publishes has its number when it has committed. There is no outbox.
	Direct bool
	// Optimistic: transactions lock nothing. Who comes first does not wait, and who commits later gets [driver.ErrConflict].
	Optimistic bool
}

// Database is a fresh database of one service, and what the suite must know to work with it. Put and Get stand for the service's own tables;
// they are required, as are Store and Restart.
type Database struct {
	// Store is open on the database.
	Store driver.Store
	// Restart ends every open store of the database as if its process had died (transactions in flight are lost, nothing is given
	// back) and opens the database again.
	Restart func() driver.Store
	// Second opens the database once more beside the stores that are open, as another process would. nil if the backend cannot do that.
	Second func() driver.Store
	// Put writes a value of the service's own, in a transaction of any store of the database. Until the transaction ends nobody else can
	// write the same key.
	Put func(ctx context.Context, tx driver.Tx, key, value string) error
	// Get reads what Put wrote; "" if there is nothing.
	Get func(ctx context.Context, tx driver.Tx, key string) (string, error)
	// Elapse makes that much time pass for the database; it may be called at any moment, by several goroutines. nil if the database goes
	// by the clock it was given.
	Elapse func(d time.Duration)
}
