// Package driver holds the ports of Headrace: what a backend must do so that the engine in package headrace can keep its promises.
//
// There are three of them, and each is small:
//
//   - [Store] is one service's own database: the outbox and the journal of what it published, the cursors and leases of what it follows,
//     the events it had to park, its timers. Everything a handler does happens in one [Tx] of it.
//   - [Broker] carries the newest part of journals to groups. It may lose, repeat or forget anything: nothing is lost, because a gap is
//     read back from the journal.
//   - [Live] is fire-and-forget fan-out: it makes things fresh, never certain.
//
// Users of Headrace meet this package only where they choose a backend. Whoever writes a backend proves it with package drivertest, which
// holds the promises of docs/guarantees.md as one suite.
//
// Unless a method says otherwise, every type here is safe for concurrent use, and every method returns promptly with the context's error
// when its context ends.
package driver
