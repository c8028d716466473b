// Package faulttest keeps the promises of Headrace on trial: processes of their own, on a Redis and a PostgreSQL of their own, are killed,
// stopped, cut off and misled while they work. What is left is then compared, by SQL that shares no code with the framework, with what must be.
//
// Two services work. The source counts: in one transaction it raises a key's counter and publishes the number. The sink writes each number
// into a table, in the transaction of the cursor, and writes down when a number is not the next of its key; what it publishes itself goes
// back to the source. So after any fault
//
//   - each number of a counter is an event of the journal, and no other is (promise 1);
//   - each event was applied (2), once (3, 4), in the order of its key (5);
//   - everything was dealt with within 30 seconds of the last fault (16).
//
// # Rows
//
// Each asserts that its fault bit: by a signal of the engine, by what the fault itself counts, or by how a process ended.
//
//	promise        row                                          bit if
//	1, 2, 3, 5     kill -9 of every role at every named point   the process died of SIGKILL there; lease_dirty
//	5, 7, 8        SIGSTOP of a sink, a relay, everybody        fenced, lease_dirty
//	6              FLUSHALL, XTRIM, XDEL, XGROUP ...            reappended, history_read, duplicate
//	2, 6           the newest events lost, and none follows     history_read
//	6              Redis killed, with and without a file        append_failed, reappended
//	6              failover, a cluster's node                   append_failed, reappended
//	6, 17          Redis is full                                append_failed, history_read, reappended
//	9, 22          answers get lost (XADD, ..., COMMIT)         the proxy swallowed them
//	1, 9, 22       COMMITs never arrive                         the proxy kept them
//	9              connections cut, late, frozen                the proxy cut or held something
//	1, 2, 22       PostgreSQL stopped, its backends, its disk   transactions failed
//	10, 13         a poisoned key, redriven                     died, released
//	11             a handler that ends its process              died, three to eight deaths
//	12             a dependency that is down                    paused
//	14             foreign bytes, a newer version               foreign rows; died
//	14             foreign bytes under the numbers of events    the server took them; foreign, history_read
//	7              a handler slower than its lease              never fenced
//	5, 15          rolling restarts, 1 to 8 to 3 members        lease_taken; never lease_dirty when asked to stop
//	17             ten times the load, of large events          the sink falls behind; history_read
//
// More rounds of each run with HEADRACE_SOAK=1, which is "make soak".
package faulttest
