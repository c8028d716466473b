// Package sqlite keeps a service's store in one SQLite file, with nothing to install: the embedded default.
//
//	store, err := sqlite.Open(ctx, sqlite.Config{Path: "data/orders.db", Schema: `CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY)`})
//
// A commit that was reported is on the disk: the file has a write-ahead log that is synchronised by every commit, so that neither a kill
// nor a power cut takes it back. Transactions that write follow one another, in the order in which they asked; those that only read see one
// state and never wait for a writer. One process at a time has the file open; whoever comes second is told so, with the number of the
// process that has it. After a crash the next process starts at once: what the dead one held is free, and marked as not given back.
package sqlite
