package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/drivers/sqlstore/sqlite"
)

type user struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

var (
	users      = headrace.Topic{Name: "users"}
	registered = headrace.Define(users, "user.registered", 1, func(u user) string { return u.ID })
)

// The row and the event are there together, or neither is.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "headrace")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err := sqlite.Open(ctx, sqlite.Config{
		Path:   filepath.Join(dir, "identity.db"),
		Schema: `CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE)`,
	})
	if err != nil {
		log.Fatal(err)
	}
	identity := headrace.NewService(headrace.ServiceConfig{Name: "identity", Store: store, Owns: []headrace.Topic{users}})

	register := func(u user) error {
		return identity.In(ctx, func(ctx context.Context, tx *headrace.Tx) error {
			if err := registered.Publish(tx, u); err != nil {
				return err
			}
			_, err := tx.SQL().ExecContext(ctx, `INSERT INTO account (id, email) VALUES ($1, $2)`, u.ID, u.Email)
			return err
		})
	}
	fmt.Println(register(user{ID: "1", Email: "ada@example.org"}))
	fmt.Println(register(user{ID: "2", Email: "ada@example.org"}) == nil) // the address is taken

	waiting, _, err := store.Pending(ctx)
	fmt.Println(waiting, err)
	fmt.Println(store.Close())
	// Output:
	// <nil>
	// false
	// 1 <nil>
	// <nil>
}
