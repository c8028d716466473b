package memory

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"github.com/headrace/headrace/driver"
)

// Values is the state that a service keeps in a store in memory, in the place of tables: strings with bytes. It belongs to one
// transaction, sees what was committed before and what the transaction itself did, and is used by one goroutine at a time.
type Values struct{ tx *transaction }

// State returns the service's state as seen by a transaction, which is a [headrace.Tx] or whatever else has a Driver; a Driver that has a
// Driver itself, such as one that injects faults, is looked through. It panics if the transaction is not one of a [Store].
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
			panic(fmt.Sprintf("memory: State needs a transaction of a memory.Store, not %T", inner))
		}
	}
}

// Get returns a copy of the bytes of a key, and whether there are any.
func (v Values) Get(key string) ([]byte, bool) {
	value, ok := v.tx.tables.user.Get(name(key))
	return bytes.Clone(value), ok
}

// Set gives the key a copy of the bytes. It fails with [driver.ErrReadOnly] in a transaction that only reads, and with [driver.ErrClosed]
// in one that is over; the transaction cannot be committed then.
func (v Values) Set(key string, value []byte) error {
	value = append([]byte{}, value...)
	return v.tx.write(context.Background(), func(t *tables) error {
		t.user = t.user.Set(name(key), value)
		return nil
	})
}

// Delete removes the key if it is there. It fails like Set.
func (v Values) Delete(key string) error {
	return v.tx.write(context.Background(), func(t *tables) error {
		t.user = t.user.Delete(name(key))
		return nil
	})
}

// All goes through all keys in rising order, as they were when the loop began, with copies of their bytes.
func (v Values) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for key, value := range v.tx.tables.user.All() {
			if !yield(string(key), bytes.Clone(value)) {
				return
			}
		}
	}
}
