// Package apps is the root of the module with Headrace's programs. Nobody imports them.
package apps
