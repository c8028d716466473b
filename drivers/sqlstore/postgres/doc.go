// Package postgres is a [driver.Store] in a schema of a PostgreSQL database, version 13 or later: a service's own tables and Headrace's side by
// side. It is tried on 13, 15 and 17.
//
//	store, err := postgres.Open(ctx, postgres.Config{URL: "postgres://orders@db/shop", Schema: "orders", Tables: tables})
//
// Any number of processes may have it open. What they do at the same time is ordered by locks on rows, and the events of one key by a lock on
// the key, which a transaction that publishes holds until it ends.
//
// A pooler may give a connection to somebody else after each transaction, as PgBouncer does in transaction mode: nothing here outlives a
// transaction but prepared statements. PgBouncer knows these since 1.21, with max_prepared_statements above 0. Through an older one, or with 0, the
// URL has to end with default_query_exec_mode=cache_describe; without it, statements fail that meet another connection's. Parameters of
// the URL that PgBouncer does not know, such as options or search_path, it refuses; none is needed. A pooler's pool for the database and user must be
// larger than the number of transactions that wait for one another.
//
// What the service itself runs outside of a transaction, on [sqlstore.Store.DB], names the schema of its tables: the search path is set for
// transactions only.
//
// When the server ends a transaction because of others (a deadlock, a serialization failure, a lock that was not to be had in time) or the
// connection is lost on its way, nothing has happened, and it is run again; no event's attempt is used up. When the answer to COMMIT is lost, the
// outcome is called unknown, and the engine reads its cursor before it does anything else.
//
// A process that has nothing to do sends about three statements a second for each service: a heartbeat, a look at the outbox or at the heads, and
// every other second one for parked events.
package postgres
