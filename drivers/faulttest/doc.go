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
// Every row asserts with a counter that its fault bit. Rows that take longer, and more rounds of the others, run with HEADRACE_SOAK=1, which is
// "make soak".
package faulttest
