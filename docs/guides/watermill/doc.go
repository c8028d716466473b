// Package watermill holds one small shop, written with Watermill and written with Headrace, as docs/guides/coming-from-watermill.md shows it. It
// is a module of its own, so that its dependencies are nobody else's.
package watermill
