// Package arch keeps the shape of the repository: who may import whom, where time comes from, how long a file and a function may be. Its
// tests read the source of all modules, so that a change of shape is a change of a table here, with its reason beside it.
package arch
