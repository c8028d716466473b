package arch

import "slices"

// edge is the right of one kind of room to import another, or a library, and why it has it.
type edge struct {
	from, to string // kinds of rooms; to may be the path of a library's module instead
	reason   string
}

// edges are what may be imported between rooms. Everything else may not, except the standard library, which is free for all.
var edges = []edge{
	// The core.
	{"headrace", "driver", "the engine meets backends through the ports only"},
	{"headrace", "internal", "mechanisms that have no word of their own in the glossary, such as ids"},
	{"memory", "driver", "it is a backend"},
	{"memory", "internal", "mechanisms that have no word of their own in the glossary, such as immutable maps"},
	{"drivertest", "driver", "its first layer proves the ports"},
	{"drivertest", "headrace", "its second layer proves the promises of the engine that runs on them"},
	{"headracetest", "headrace", "it runs a service's own handlers"},
	{"pattern", "headrace", "patterns are written with what every user has"},
	{"pattern", "driver", "what a pattern keeps beside the engine goes through a port"},

	// Backends.
	{"sqlstore", "driver", "it is a backend"},
	{"sqlite", "driver", "its errors are those of the port"},
	{"sqlite", "sqlstore", "it is a dialect of it"},
	{"sqlite", "modernc.org/sqlite", "the client library; docs/adr/0003"},
	{"postgres", "driver", "its errors are those of the port"},
	{"postgres", "sqlstore", "it is a dialect of it"},
	{"postgres", "github.com/jackc/pgx/v5", "the client library; docs/adr/0009"},
	{"postgres", "github.com/pressly/goose/v3", "migrations; docs/adr/0010"},
	{"redis", "driver", "it is a backend"},
	{"redis", "github.com/redis/rueidis", "the client library; docs/adr/0008"},
	{"nats", "driver", "it is a backend"},
	{"mongo", "driver", "it is a backend"},
	{"otel", "headrace", "telemetry hangs on the engine's hooks"},

	// The shop.
	{"shop", "headrace", "it makes the App"},
	{"shop", "driver", "what it chooses are backends"},
	{"shop", "memory", "the embedded default: broker and live in this process"},
	{"shop", "sqlite", "the embedded default: a file for each service"},
	{"shop", "sqlstore", "the type of the stores that sqlite and postgres open"},
	{"shop", "postgres", "a schema for each service, when it is given a server"},
	{"shop", "github.com/jackc/pgx/v5", "one pool of connections for all services of a process; docs/adr/0009"},
	{"shop", "redis", "streams between processes, when it is given a server"},
	{"shop", "service", "it wires the services by hand"},
	{"shop", "contract", "it adapts what services offer to what the gateway asks for"},
	{"shop", "provider", "it opens the provider's file"},
	{"shop", "gateway", "it serves it"},
	{"shop", "value", "money and the like"},
	{"shop", "verify", "shop verify"},
	{"shop", "load", "shop load"},
	{"storetest", "driver", "what a service is tried on is a store"},
	{"storetest", "sqlite", "a file for each test"},
	{"storetest", "postgres", "a schema for each test"},
	{"storetest", "sqlstore", "the type of the stores that both open"},
	{"storetest", "testserver", "a server for the tests of a package"},
	{"contract", "headrace", "contracts are made by Define"},
	{"contract", "value", "fields are money and the like"},
	{"contract", "contract", "an event may carry a type of the contract that it answers"},
	{"service", "headrace", "a service is a headrace.Service"},
	{"service", "driver", "it takes its store and its clock"},
	{"service", "contract", "its own, and all it may know of the others"},
	{"service", "value", "money and the like"},
	{"service", "bulk", "handlers of batches insert many rows with one statement"},
	{"service", "provider", "payments charges there"},
	{"service", "golang.org/x/crypto", "argon2id for passwords; docs/adr/0004"},
	{"provider", "modernc.org/sqlite", "it stands for another company, so its file does not go through ours; docs/adr/0003"},
	{"provider", "driver", "it takes a clock, as all do that tell the time"},
	{"provider", "value", "amounts are money"},
	{"gateway", "contract", "all it may know of the services"},
	{"gateway", "value", "money and the like"},
	{"gateway", "headrace", "it reads metadata and correlates requests"},
	{"gateway", "driver", "it listens to live"},
	{"verify", "modernc.org/sqlite", "it reads the files with SQL of its own; docs/adr/0003"},
	{"verify", "github.com/jackc/pgx/v5", "it reads the schemas with SQL of its own; docs/adr/0009"},

	// A small shop written twice, for a guide.
	{"comparison", "headrace", "the half that is written with Headrace"},
	{"comparison", "redis", "the half that is written with Headrace"},
	{"comparison", "postgres", "the half that is written with Headrace"},
	{"comparison", "sqlstore", "the type of the store that postgres opens"},
	{"comparison", "github.com/ThreeDotsLabs/watermill", "the half that is written with Watermill; docs/adr/0012"},
	{"comparison", "github.com/ThreeDotsLabs/watermill-redisstream", "the half that is written with Watermill; docs/adr/0012"},
	{"comparison", "github.com/ThreeDotsLabs/watermill-sql/v4", "the half that is written with Watermill; docs/adr/0012"},
	{"comparison", "github.com/redis/go-redis/v9", "the client that watermill-redisstream takes; docs/adr/0012"},
	{"comparison", "github.com/jackc/pgx/v5", "the driver of database/sql that watermill-sql is given; docs/adr/0012"},
}

// inTests are edges that only test files have, besides those above.
var inTests = []edge{
	{"headrace", "memory", "the core's tests and examples run on memory: nothing to install"},
	{"headrace", "drivertest", "its suite is a test of the engine as well"},
	{"memory", "headrace", "what memory is for shows on the engine"},
	{"memory", "drivertest", "every backend runs the suite"},
	{"drivertest", "memory", "the suite is tried on a backend that is broken on purpose"},
	{"headracetest", "memory", "it is tried on a store that needs nothing"},
	{"pattern", "memory", "their tests and examples run on memory"},
	{"sqlstore", "sqlite", "it is tried on the dialect that needs no server"},
	{"sqlstore", "headrace", "user state is written through the engine's transaction"},
	{"sqlite", "drivertest", "every backend runs the suite"},
	{"sqlite", "headrace", "the suite's user state is written through the engine's transaction"},
	{"sqlite", "memory", "a store is tried with a broker"},
	{"sqlite", "redis", "a store is tried with the broker that it runs with"},
	{"sqlite", "testserver", "that broker has a real server"},
	{"postgres", "drivertest", "every backend runs the suite"},
	{"postgres", "headrace", "a service's own statements are run again"},
	{"postgres", "memory", "a store is tried with a broker"},
	{"postgres", "redis", "a store is tried with the broker that it runs with"},
	{"postgres", "testserver", "it is tried on real servers"},
	{"redis", "drivertest", "every backend runs the suite"},
	{"redis", "headrace", "an engine runs on it while its server is harmed"},
	{"redis", "memory", "a broker is tried with a store"},
	{"redis", "sqlite", "a broker is tried with a store that lasts"},
	{"redis", "sqlstore", "the type of the store that sqlite opens"},
	{"redis", "testserver", "it is tried on real servers"},
	{"trial", "headrace", "its nodes run services"},
	{"trial", "driver", "named points lie between the engine and its backends"},
	{"trial", "redis", "its nodes share a Redis"},
	{"trial", "postgres", "and a PostgreSQL"},
	{"trial", "testserver", "it harms real servers"},
	{"trial", "github.com/jackc/pgx/v5", "its checks are SQL past the framework; docs/adr/0009"},
	{"service", "headracetest", "its handlers are tried without an App"},
	{"service", "memory", "a service is tried with a broker"},
	{"service", "storetest", "a service is tried on its real schema, on every engine"},
	{"faulttest", "testserver", "a shop of many processes runs on real servers"},
	{"bulk", "modernc.org/sqlite", "its statements are tried on a real database; docs/adr/0003"},
	{"gateway", "memory", "live updates are tried with a live backend"},
	{"verify", "sqlite", "the data that it is to find broken"},
	{"verify", "postgres", "the data that it is to find broken"},
	{"verify", "testserver", "it reads a real server"},
	{"shop", "testserver", "the whole shop is tried on real servers"},
}

// allowed says whether a file of one kind of room may import another kind, or a library.
func allowed(from, to string, test bool) bool {
	has := func(e edge) bool { return e.from == from && e.to == to }
	return slices.ContainsFunc(edges, has) || test && slices.ContainsFunc(inTests, has)
}
