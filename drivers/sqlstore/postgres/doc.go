// Package postgres is a [driver.Store] in a schema of a PostgreSQL database, version 13 or later: a service's own tables and Headrace's side by
// side.
//
//	store, err := postgres.Open(ctx, postgres.Config{URL: "postgres://orders@db/shop", Schema: "orders", Tables: tables})
//
// Any number of processes may have it open. What they do at the same time is ordered by locks on rows, and the events of one key by a lock on
// the key, which a transaction that publishes holds until it ends.
//
// It is made for a pooler that gives a connection to somebody else after each transaction, such as PgBouncer (not tried yet): nothing here
// outlives a transaction but prepared statements. A pooler that does not know these either needs default_query_exec_mode=cache_describe in the URL.
// What the service itself runs outside of a transaction, on [sqlstore.Store.DB], names the schema of its tables: the search path is set for
// transactions only.
package postgres
