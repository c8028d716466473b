package arch

import (
	"path"
	"strings"
)

// room is a part of the repository. Inside a room everything may import everything; between rooms the edges decide.
type room struct {
	pattern string // folders, from the root of the repository: "*" is any one name, "/..." at the end everything below as well
	kind    string // what the edges call it; rooms of the same kind have the same rights
}

// rooms are all parts of the repository. The first that matches a folder is the folder's room.
var rooms = []room{
	// Module github.com/headrace/headrace: the standard library only.
	{".", "headrace"},
	{"driver", "driver"},
	{"driver/drivertest/...", "drivertest"},
	{"headracetest/...", "headracetest"},
	{"memory/...", "memory"},
	{"saga/...", "pattern"},
	{"aggregate/...", "pattern"},
	{"projection/...", "pattern"},
	{"archive/...", "pattern"},
	{"schema/...", "pattern"},
	{"internal/...", "internal"},

	// Module .../drivers: one folder per client library.
	{"drivers", "drivers"},
	{"drivers/sqlstore", "sqlstore"},
	{"drivers/sqlstore/sqlite/...", "sqlite"},
	{"drivers/sqlstore/postgres/...", "postgres"},
	{"drivers/redis/...", "redis"},
	{"drivers/testserver", "testserver"},
	{"drivers/faulttest/...", "trial"},
	{"drivers/nats/...", "nats"},
	{"drivers/mongo/...", "mongo"},
	{"drivers/otel/...", "otel"},

	// Module .../apps: programs. Nobody imports them.
	{"apps", "apps"},
	{"apps/headrace/...", "command"},
	{"apps/console/...", "console"},
	{"apps/shop", "shop"},
	{"apps/shop/money", "value"},
	{"apps/shop/invalid", "value"},
	{"apps/shop/bulk", "bulk"},
	{"apps/shop/storetest", "storetest"},
	{"apps/shop/*/contract/...", "contract"},
	{"apps/shop/identity/...", "service"},
	{"apps/shop/orders/...", "service"},
	{"apps/shop/payments/provider/...", "provider"},
	{"apps/shop/payments/...", "service"},
	{"apps/shop/inventory/...", "service"},
	{"apps/shop/shipping/...", "service"},
	{"apps/shop/notifications/...", "service"},
	{"apps/shop/archive/...", "service"},
	{"apps/shop/gateway/...", "gateway"},
	{"apps/shop/verify/...", "verify"},
	{"apps/shop/load/...", "load"},
	{"apps/shop/faulttest/...", "faulttest"},

	// A module for a guide. Nobody imports it.
	{"docs/guides/watermill/...", "comparison"},
}

// roomOf finds the room of a folder and returns it with its own folder in place of the pattern.
func roomOf(folder string) (room, bool) {
	for _, r := range rooms {
		if own, ok := r.match(folder); ok {
			return room{pattern: own, kind: r.kind}, true
		}
	}
	return room{}, false
}

// entry is what the file map calls the room of a folder: the room's folder, with "*" as it stands in the pattern.
func entry(folder string) string {
	for _, r := range rooms {
		if _, ok := r.match(folder); ok {
			return strings.TrimSuffix(r.pattern, "/...")
		}
	}
	return folder
}

// match tells whether a folder is in the room, and which folder the room itself is.
func (r room) match(folder string) (string, bool) {
	pattern, deep := strings.CutSuffix(r.pattern, "/...")
	own := folder
	if names := strings.Split(folder, "/"); deep {
		own = path.Join(names[:min(len(names), strings.Count(pattern, "/")+1)]...)
	}
	ok, err := path.Match(pattern, own)
	return own, ok && err == nil
}
