package drivertest_test

import (
	"context"
	"slices"
	"testing"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/driver/drivertest"
	"github.com/headrace/headrace/memory"
)

// backend is a store and a broker in memory; the functions may break them.
func backend(store func(driver.Store) driver.Store, broker func(driver.Broker) driver.Broker) drivertest.Backend {
	return drivertest.Backend{
		Store: func(_ testing.TB, clock driver.Clock) drivertest.Database {
			inner := memory.NewStore(memory.StoreConfig{Clock: clock})
			outer := store(inner)
			return drivertest.Database{
				Store:   outer,
				Restart: func() driver.Store { inner.Crash(); return outer },
				Put: func(_ context.Context, tx driver.Tx, key, value string) error {
					return memory.State(holder{tx}).Set(key, []byte(value))
				},
				Get: func(_ context.Context, tx driver.Tx, key string) (string, error) {
					value, _ := memory.State(holder{tx}).Get(key)
					return string(value), nil
				},
			}
		},
		Broker: func(testing.TB) driver.Broker { return broker(memory.NewBroker(memory.BrokerConfig{})) },
	}
}

type holder struct{ tx driver.Tx }

func (h holder) Driver() driver.Tx { return h.tx }

func sameStore(s driver.Store) driver.Store    { return s }
func sameBroker(b driver.Broker) driver.Broker { return b }

// brokenTx breaks the transactions of a store.
func brokenTx(wrap func(driver.Tx) driver.Tx) func(driver.Store) driver.Store {
	return func(s driver.Store) driver.Store { return &txBreaker{s, wrap} }
}

type txBreaker struct {
	driver.Store
	wrap func(driver.Tx) driver.Tx
}

func (s *txBreaker) Begin(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := s.Store.Begin(ctx, o)
	if err != nil || o.ReadOnly {
		return tx, err
	}
	return s.wrap(tx), nil
}

func brokenReader(wrap func(driver.Reader) driver.Reader) func(driver.Broker) driver.Broker {
	return func(b driver.Broker) driver.Broker { return readerBreaker{b, wrap} }
}

type readerBreaker struct {
	driver.Broker
	wrap func(driver.Reader) driver.Reader
}

func (b readerBreaker) Reader(ctx context.Context, group string) (driver.Reader, error) {
	r, err := b.Broker.Reader(ctx, group)
	if err != nil {
		return nil, err
	}
	return b.wrap(r), nil
}

// storeThemes and brokerThemes are the themes of the cases that one half of a backend is run against.
func storeThemes() []string {
	return []string{
		"setup", "tx", "outbox", "number", "timer", "journal", "epoch", "lease", "takeover", "advance", "try", "park", "due", "dead",
		"foreign", "lifecycle",
	}
}

func brokerThemes() []string { return []string{"append", "read", "group"} }

// TestSuiteFindsSabotage breaks a backend in one way at a time. The suite must find it, and must blame nothing else.
func TestSuiteFindsSabotage(t *testing.T) {
	for _, s := range sabotages() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			store, broker, themes := s.store, sameBroker, storeThemes()
			if store == nil {
				store, broker, themes = sameStore, s.broker, brokerThemes()
			}
			got := failing(t, backend(store, broker), themes)
			slices.Sort(s.want)
			if !slices.Equal(got, s.want) {
				t.Errorf("cases that failed:\n got %q\nwant %q", got, s.want)
			}
		})
	}
}

// TestSuiteRunsOnWhatIsWhole shows that the wrappers of the sabotage alone break nothing.
func TestSuiteRunsOnWhatIsWhole(t *testing.T) {
	t.Parallel()
	wrapped := backend(
		brokenTx(func(tx driver.Tx) driver.Tx { return plainTx{tx} }),
		brokenReader(func(r driver.Reader) driver.Reader { return r }),
	)
	if got := failing(t, wrapped, slices.Concat(storeThemes(), brokerThemes())); len(got) > 0 {
		t.Errorf("cases that failed on a whole backend: %q", got)
	}
}

// plainTx is a transaction that does what it should.
type plainTx struct{ driver.Tx }

func (tx plainTx) Driver() driver.Tx { return tx.Tx }
