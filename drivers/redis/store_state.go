package redis

import (
	"context"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// Values is the little state that a service keeps in a [Store]: strings with bytes. It belongs to one transaction and is used by one
// goroutine at a time.
type Values struct{ tx *transaction }

// State returns the service's state as seen by a transaction, which is a [headrace.Tx] or whatever else has a Driver; a Driver that has a
// Driver itself is looked through. It panics if the transaction is not one of a [Store].
//
// [headrace.Tx]: https://pkg.go.dev/github.com/headrace/headrace#Tx
func State(tx interface{ Driver() driver.Tx }) Values {
	inner := tx.Driver()
	for {
		switch t := inner.(type) {
		case *transaction:
			return Values{t}
		case interface{ Driver() driver.Tx }:
			inner = t.Driver()
		default:
			panic(fmt.Sprintf("redis: State needs a transaction of a redis.Store, not %T", inner))
		}
	}
}

// Get returns the bytes of a key, and whether there are any. A transaction that writes commits only if nobody changed them meanwhile.
func (v Values) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := v.tx.usable(ctx); err != nil {
		return nil, false, err
	}
	if v.tx.readOnly { // one state of all of it
		if _, err := v.tx.all(ctx, v.tx.store.key("state")); err != nil {
			return nil, false, err
		}
	}
	r, err := v.tx.get(ctx, v.tx.store.key("state"), key, true)
	if err != nil {
		return nil, false, err
	}
	return []byte(r.is), r.here, nil
}

// Set gives the key bytes.
func (v Values) Set(ctx context.Context, key string, value []byte) error {
	return v.tx.write(ctx, func() error {
		r, err := v.tx.get(ctx, v.tx.store.key("state"), key, true)
		if err == nil {
			r.set(string(value))
		}
		return err
	})
}
