// Package drivers is the root of the module with Headrace's backends: one folder per client library.
package drivers
