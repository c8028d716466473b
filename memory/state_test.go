package memory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

func TestStateFollowsItsTransaction(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreConfig{})
	kept := begin(t, s, driver.TxOptions{})
	for _, key := range []string{"c", "a", "b"} {
		set(t, kept, key, key+key)
	}
	commit(t, kept)

	undone := begin(t, s, driver.TxOptions{})
	state := memory.State(holder{undone})
	set(t, undone, "a", "changed")
	if err := state.Delete("b"); err != nil {
		t.Fatal(err)
	}
	if err := state.Delete("unknown"); err != nil {
		t.Fatal(err)
	}
	wantAll(t, state, "a=changed", "c=cc")
	if err := undone.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantAll(t, memory.State(holder{begin(t, s, driver.TxOptions{ReadOnly: true})}), "a=aa", "b=bb", "c=cc")
}

func wantAll(t *testing.T, state memory.Values, want ...string) {
	t.Helper()
	var got []string
	for key, value := range state.All() {
		got = append(got, key+"="+string(value))
	}
	if !slices.Equal(got, want) {
		t.Errorf("state is %v, want %v", got, want)
	}
}

func TestStateCanChangeWhileItIsGoneThrough(t *testing.T) {
	t.Parallel()
	tx := begin(t, memory.NewStore(memory.StoreConfig{}), driver.TxOptions{})
	state := memory.State(holder{tx})
	set(t, tx, "a", "1")
	set(t, tx, "b", "2")
	for key := range state.All() {
		if err := state.Delete(key); err != nil {
			t.Fatal(err)
		}
		set(t, tx, key+"'", "new")
	}
	wantAll(t, state, "a'=new", "b'=new")
	for range state.All() {
		break
	}
}

func TestStateCopiesBytes(t *testing.T) {
	t.Parallel()
	tx := begin(t, memory.NewStore(memory.StoreConfig{}), driver.TxOptions{})
	state := memory.State(holder{tx})
	mine := []byte("before")
	if err := state.Set("a", mine); err != nil {
		t.Fatal(err)
	}
	copy(mine, "after!")
	got, _ := state.Get("a")
	copy(got, "after!")
	for _, value := range state.All() {
		copy(value, "after!")
	}
	wantValue(t, tx, "a", "before")
	set(t, tx, "empty", "")
	if value, ok := state.Get("empty"); !ok || len(value) > 0 {
		t.Errorf("an empty value is %q, %t", value, ok)
	}
	if _, ok := state.Get("unknown"); ok {
		t.Error("there is a value that was never set")
	}
}

func TestStateOfReadOnlyTransaction(t *testing.T) {
	t.Parallel()
	tx := begin(t, memory.NewStore(memory.StoreConfig{}), driver.TxOptions{ReadOnly: true})
	state := memory.State(holder{tx})
	if err := state.Set("a", nil); !errors.Is(err, driver.ErrReadOnly) {
		t.Errorf("set: %v", err)
	}
	if err := tx.Commit(t.Context()); !errors.Is(err, driver.ErrReadOnly) {
		t.Errorf("commit after a set that was refused: %v", err)
	}
}

// wrapped is a transaction around another, as one that injects faults is.
type wrapped struct{ driver.Tx }

func (w wrapped) Driver() driver.Tx { return w.Tx }

func TestStateOfWrappedTransaction(t *testing.T) {
	t.Parallel()
	tx := begin(t, memory.NewStore(memory.StoreConfig{}), driver.TxOptions{})
	set(t, wrapped{wrapped{tx}}, "a", "1")
	wantValue(t, tx, "a", "1")
}

func TestStateOfAnotherStore(t *testing.T) {
	t.Parallel()
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "memory.Store") {
			t.Errorf("State panicked with %q", said)
		}
	}()
	memory.State(holder{struct{ driver.Tx }{}})
	t.Error("State accepted a foreign transaction")
}
