// Package sqlstore is a [driver.Store] on a SQL database, written once over database/sql. A [Dialect] holds the little in which databases
// differ; packages sqlite and postgres bring theirs and open stores:
//
//	store, err := sqlite.Open(ctx, sqlite.Config{Path: "data/orders.db", Schema: schema})
//
// The tables of the store begin with headrace_ and live beside the service's own, because that is the promise: what a handler writes, what
// it publishes and how far it has come are one transaction of one database.
//
// Nothing here relies on having the database alone. Whoever numbers locks the fence of the relay first; cursors are locked in the order of
// their partitions; a cursor moves only under the fence and from the position that the caller believes in. A database with a single
// writer gets the same from its queue.
package sqlstore
