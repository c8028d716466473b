package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/testserver"
	"github.com/headrace/headrace/memory"
)

// guide is a database "shop" and the statements of docs/guides/redis-and-postgresql.md.
type guide struct {
	t      *testing.T
	server *testserver.PostgresServer
	page   string
}

func openGuide(t *testing.T) guide {
	t.Helper()
	page, err := os.ReadFile("../../../docs/guides/redis-and-postgresql.md")
	if err != nil {
		t.Fatal(err)
	}
	g := guide{t, testserver.Postgres(t), string(page)}
	g.server.Do("CREATE DATABASE shop")
	g.run("postgres", `REVOKE ALL ON DATABASE shop FROM PUBLIC`)
	return g
}

// url is where a role finds the database.
func (g guide) url(role string) string {
	url := strings.Replace(g.server.URL(), "/postgres?", "/shop?", 1)
	return strings.Replace(url, "postgres@", role+"@", 1)
}

// block is the block of SQL that begins with a comment.
func (g guide) block(about string) string {
	g.t.Helper()
	match := regexp.MustCompile("(?s)```sql\n-- " + about + ".*?```").FindString(g.page)
	if match == "" {
		g.t.Fatalf("the guide has no SQL about %q", about)
	}
	return strings.TrimSuffix(strings.TrimPrefix(match, "```sql\n"), "```")
}

func (g guide) try(role, statements string) error {
	g.t.Helper()
	conn, err := pgx.Connect(g.t.Context(), g.url(role))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(g.t.Context())) }() // everything has been answered
	_, err = conn.Exec(g.t.Context(), statements, pgx.QueryExecModeSimpleProtocol)
	return err
}

func (g guide) run(role, statements string) {
	g.t.Helper()
	if err := g.try(role, statements); err != nil {
		g.t.Fatalf("%s runs %.60q: %v", role, statements, err)
	}
}

func (g guide) refused(role, statements string) {
	g.t.Helper()
	if err := g.try(role, statements); err == nil || !strings.Contains(err.Error(), "permission denied") {
		g.t.Errorf("%s runs %.60q: %v; want that it may not", role, statements, err)
	}
}

type parcel struct {
	ID string `json:"id"`
}

var (
	parcels = headrace.Topic{Name: "parcels", Partitions: 2}
	packed  = headrace.Define(parcels, "parcel.packed", 1, func(p parcel) string { return p.ID })
)

// serve runs a service as a role: it publishes, handles, and has an event die and run again.
func (g guide) serve(role, tables string) {
	g.t.Helper()
	ctx, stop := context.WithTimeout(g.t.Context(), 30*time.Second)
	defer stop()
	store, err := Open(ctx, Config{URL: g.url(role), Schema: "orders", Tables: tables})
	if err != nil {
		g.t.Fatalf("open as %s: %v", role, err)
	}
	defer func() { _ = store.Close() }() // all of its transactions have ended
	failed := false
	service := headrace.NewService(headrace.ServiceConfig{
		Name: "orders", Store: store, Owns: []headrace.Topic{parcels},
		Handlers: []headrace.Handler{headrace.On(packed, func(ctx context.Context, tx *headrace.Tx, e headrace.Event[parcel]) error {
			if !failed {
				failed = true
				return fmt.Errorf("not yet")
			}
			defer stop()
			_, err := tx.SQL().ExecContext(ctx, `INSERT INTO value (key, value) VALUES ($1, 'packed')`, e.Data.ID)
			return err
		}, headrace.Retry{Quick: 1, Min: time.Millisecond, Max: time.Millisecond})},
	})
	app := headrace.App{
		Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{service}, Logger: slog.New(slog.DiscardHandler),
	}
	err = service.In(ctx, func(_ context.Context, tx *headrace.Tx) error { return packed.Publish(tx, parcel{ID: role}) })
	if err == nil {
		err = app.Run(ctx)
	}
	if err != nil {
		g.t.Errorf("run as %s: %v", role, err)
	}
	g.run("postgres", fmt.Sprintf(`DO $$ BEGIN ASSERT (SELECT count(*) FROM orders.value WHERE key = '%s') = 1; END $$`, role))
}

func TestRolesOfTheGuide(t *testing.T) {
	t.Parallel()
	g := openGuide(t)
	service := g.block("once for each service")
	g.run("postgres", service)
	g.run("postgres", strings.ReplaceAll(service, "orders", "mails"))
	g.serve("orders", valueTables)
	g.run("orders", g.block("as the role of the service"))
	g.refused("mails", `SELECT * FROM orders.headrace_journal`)
	g.refused("mails", `CREATE SCHEMA other`)

	g.run("postgres", g.block("a role that runs the service"))
	g.serve("orders_run", "")
	g.refused("orders_run", `CREATE TABLE orders.other (id TEXT)`)
	g.refused("orders_run", `TRUNCATE orders.headrace_journal`)
	g.run("orders", `CREATE TABLE orders.later (id TEXT)`)
	g.run("orders_run", `INSERT INTO orders.later VALUES ('1')`)
}

func TestOperatorOfTheGuide(t *testing.T) {
	t.Parallel()
	g := openGuide(t)
	for _, name := range []string{"orders", "mails"} {
		g.run("postgres", strings.ReplaceAll(g.block("once for each service"), "orders", name))
		store, err := Open(t.Context(), Config{URL: g.url(name), Schema: name})
		if err == nil {
			err = store.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	operator := g.block("an operator who sees")
	g.run("postgres", operator)
	_, grants, _ := strings.Cut(strings.ReplaceAll(operator, "orders", "mails"), "TO operator;\n") // the role is there
	g.run("postgres", grants)
	g.run("operator", g.block("how far a group is behind"))
	g.run("operator", g.block("who has the relay"))
	g.refused("operator", `SELECT data FROM orders.headrace_parked`)
	g.refused("operator", `SELECT * FROM orders.headrace_journal`)
	g.refused("operator", `DELETE FROM orders.headrace_lease`)
}
