package drivertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headrace/headrace/driver"
)

func setupCases() []rule[*storeWorld] {
	return []rule[*storeWorld]{
		{
			"every-owned-partition-has-a-head",
			"the relay and every reader ask for the head of a partition before anything was published there",
			setupMakesHeads,
		},
		{
			"again-changes-nothing",
			"every start of a service calls Setup; one that forgets heads numbers the same positions twice",
			setupAgain,
		},
		{
			"by-many-at-once",
			"several processes of a service start at the same moment",
			setupAtOnce,
		},
		{
			"partitions-of-an-owned-topic-are-fixed",
			"with another number of partitions a key moves to another partition, and its order is gone",
			func(w *storeWorld) {
				setupRefuses(w, driver.Setup{Service: "orders", Owns: []driver.TopicSize{{Topic: owned, Partitions: 8}}}, owned)
			},
		},
		{
			"partitions-of-a-followed-topic-are-fixed",
			"a subscriber that counts other partitions than the owner never reads some of the events",
			func(w *storeWorld) {
				setupRefuses(w, driver.Setup{Service: "orders", Follows: []driver.TopicSize{{Topic: "payments", Partitions: 3}}}, "payments")
			},
		},
		{
			"capabilities-are-as-declared",
			"the table of what each backend can do is made from these declarations",
			capabilitiesAreTrue,
		},
	}
}

func heads(w *storeWorld) []string {
	w.Helper()
	heads, err := w.store.Heads(w.ctx)
	w.must(err, "heads")
	var list []string
	for _, p := range slices.SortedFunc(maps.Keys(heads), driver.Partition.Compare) {
		list = append(list, fmt.Sprint(p, " ", heads[p]))
	}
	return list
}

func setupMakesHeads(w *storeWorld) {
	w.same(heads(w), []string{"orders/0 1-0", "orders/1 1-0", "orders/2 1-0", "orders/3 1-0"}, "heads of a new store")
}

func setupAgain(w *storeWorld) {
	w.fill(orders(2), "a", "b")
	w.must(w.store.Setup(w.ctx, setup()), "set up again")
	w.same(heads(w), []string{"orders/0 1-0", "orders/1 1-0", "orders/2 1-2", "orders/3 1-0"}, "heads after another Setup")
	w.same(w.journal(orders(2)), []string{"1-1 a", "1-2 b"}, "journal after another Setup")
}

func setupAtOnce(w *storeWorld) {
	s := setup()
	s.Owns = append(s.Owns, driver.TopicSize{Topic: "refunds", Partitions: 2})
	s.Follows = append(s.Follows, driver.TopicSize{Topic: "returns", Partitions: 5})
	stores := []driver.Store{w.store}
	if w.db.Second != nil {
		stores = append(stores, w.db.Second())
	}
	w.each(6, "set up at once", func(i int) error { return stores[i%len(stores)].Setup(w.ctx, s) })
	want := []string{"orders/0 1-0", "orders/1 1-0", "orders/2 1-0", "orders/3 1-0", "refunds/0 1-0", "refunds/1 1-0"}
	w.same(heads(w), want, "heads after many Setups at once")
}

func setupRefuses(w *storeWorld, s driver.Setup, topic string) {
	w.fill(orders(0), "a")
	err := w.store.Setup(w.ctx, s)
	w.wantError(err, driver.ErrPartitions, "set up with another number of partitions")
	if !strings.Contains(err.Error(), topic) {
		w.Errorf("the error does not name topic %q: %v", topic, err)
	}
	w.must(w.store.Setup(w.ctx, setup()), "set up with the old number of partitions")
	w.same(w.journal(orders(0)), []string{"1-1 a"}, "journal after a refused Setup")
}

func capabilitiesAreTrue(w *storeWorld) {
	tx := w.begin(driver.TxOptions{})
	_, sql := tx.(driver.SQLTx)
	equal(w.world, sql, w.has.SQL, "a transaction is a driver.SQLTx")
	equal(w.world, w.db.Second != nil, w.has.Processes, "Database has Second")
	n := w.store.Concurrency()
	equal(w.world, n > 1, w.has.Writers, "Concurrency is above 1")
	if n < 1 {
		w.Errorf("Concurrency is %d: want at least 1", n)
	}
}
