// Package identity is the service that knows who somebody is: accounts, passwords, sessions and roles.
package identity

import (
	"cmp"
	_ "embed"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/driver"
)

// Schema creates the service's tables, on SQLite and PostgreSQL.
//
//go:embed schema.sql
var Schema string

// Settings are what a shop may choose. The zero value is useful.
type Settings struct {
	// SessionFor is how long a session lasts. Default 7 days.
	SessionFor time.Duration
	// PublishOnly makes this process one that only asks the service; others, which run it on the same database, relay and handle.
	PublishOnly bool
	// Clock tells the time. Default: the machine's.
	Clock driver.Clock
}

// Identity is the service. Its methods may be called concurrently.
type Identity struct {
	Service *headrace.Service

	settings Settings
	hasher   hasher
}

// hashesAtOnce bounds what password hashing takes of memory, to 38 MiB, and of processors.
const hashesAtOnce = 2

// New makes the service on a store that has the tables of Schema.
func New(store driver.Store, settings Settings) *Identity {
	settings.SessionFor = cmp.Or(settings.SessionFor, 7*24*time.Hour)
	return &Identity{
		settings: settings,
		hasher:   newHasher(hashesAtOnce),
		Service: headrace.NewService(headrace.ServiceConfig{
			Name:        "identity",
			Store:       store,
			PublishOnly: settings.PublishOnly,
			Clock:       settings.Clock,
			Owns:        []headrace.Topic{contract.Topic},
		}),
	}
}
