package headrace_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type account struct{ Number, Owner string }

var (
	accounts      = headrace.Topic{Name: "accounts"}
	accountOpened = headrace.Define(accounts, "account.opened", 1, func(a account) string { return a.Number })
)

// An event is part of the transaction that publishes it: with the state it tells of, or not at all.
func ExampleContract_Publish() {
	ctx := context.Background()
	store := memory.NewStore(memory.StoreConfig{})
	bank := headrace.NewService(headrace.ServiceConfig{Name: "bank", Store: store, Owns: []headrace.Topic{accounts}})

	open := func(a account) error {
		return bank.In(ctx, func(_ context.Context, tx *headrace.Tx) error {
			if err := accountOpened.Publish(tx, a); err != nil {
				return err
			}
			rows := memory.State(tx) // tx.SQL() on a SQL store
			if _, taken := rows.Get(a.Owner); taken {
				return errors.New("one account is enough for " + a.Owner)
			}
			return rows.Set(a.Owner, []byte(a.Number))
		})
	}
	fmt.Println(open(account{"1001", "Ada"}))
	fmt.Println(open(account{"1002", "Ada"}))

	count, _, err := store.Pending(ctx)
	fmt.Println("events on their way:", count, err)
	// Output:
	// <nil>
	// one account is enough for Ada
	// events on their way: 1 <nil>
}
