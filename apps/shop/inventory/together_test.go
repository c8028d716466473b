package inventory

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/inventory/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/apps/shop/storetest"
)

// several are processes that run the service on the same database.
func several(t *testing.T, d *storetest.Database, n int) ([]*Inventory, []*storetest.Watched) {
	t.Helper()
	processes, stores := make([]*Inventory, n), make([]*storetest.Watched, n)
	for i := range n {
		stores[i] = storetest.Watch(d.Open(t, Schema))
		processes[i] = New(stores[i], Settings{})
	}
	return processes, stores
}

// open fills the catalogue.
func open(t *testing.T, processes []*Inventory) {
	t.Helper()
	if err := processes[0].Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (i *Inventory) deliver(t *testing.T, events ...headrace.RawEvent) ([]headrace.RawPublished, error) {
	t.Helper()
	return i.Service.Deliver(t.Context(), events...)
}

func encode[T any](t *testing.T, c headrace.Contract[T], data T) headrace.RawEvent {
	t.Helper()
	e, err := c.Encode(data)
	if err != nil {
		t.Error(err)
	}
	return e
}

// testShopsOpenAtOnce: one of them fills the catalogue.
func testShopsOpenAtOnce(t *testing.T, d *storetest.Database) {
	processes, _ := several(t, d, 6)
	storetest.Together(t, 6, func(n int) error { return processes[n].Seed(t.Context()) })
	page, err := processes[0].ListProducts(t.Context(), contract.ListProducts{Limit: 100})
	if err != nil || len(page.Products) != len(seeds()) {
		t.Errorf("%d products, %v; want %d", len(page.Products), err, len(seeds()))
	}
	processes[0].mustStock(t, lamp, contract.Stock{OnHand: few})
}

// testLastPiecesGoToAsMany: however many reserve at once, there are five.
func testLastPiecesGoToAsMany(t *testing.T, d *storetest.Database) {
	processes, _ := several(t, d, 2)
	open(t, processes)
	kinds := make([]string, 20)
	storetest.Together(t, len(kinds), func(n int) error {
		order := fmt.Sprintf("o%d", n)
		published, err := processes[n%2].deliver(t, encode(t, orders.ReserveStock, reserveFor(order, orders.Item{SKU: lamp, Qty: 1})))
		for _, p := range published {
			if p.Type != contract.StockLow.Name() {
				kinds[n] += p.Type
			}
		}
		return err
	})
	count := map[string]int{}
	for _, kind := range kinds {
		count[kind]++
	}
	if count[contract.Reserved.Name()] != few || count[contract.Rejected.Name()] != len(kinds)-few {
		t.Errorf("answers: %v", count)
	}
	processes[0].mustStock(t, lamp, contract.Stock{Reserved: few})
}

// testOrdersCrossEachOther: transactions of several orders want the same products in different order. Nobody waits in a circle.
func testOrdersCrossEachOther(t *testing.T, d *storetest.Database) {
	processes, stores := several(t, d, 2)
	open(t, processes)
	const rounds = 20
	skus := []string{"board-oak", "bowl-mixing", "brush-dish", "candle-bees"}
	storetest.Together(t, 4, func(n int) error {
		for round := range rounds {
			var events []headrace.RawEvent
			for i := range skus {
				sku := skus[(i*(1+n%2*2)+n)%len(skus)]
				order := fmt.Sprintf("o%d-%d-%d", n, round, i)
				events = append(events, encode(t, orders.ReserveStock, reserveFor(order, orders.Item{SKU: sku, Qty: 1})))
			}
			if _, err := processes[n%2].deliver(t, events...); err != nil {
				return err
			}
		}
		return nil
	})
	for n, s := range stores {
		if s.Conflicts() > 0 {
			t.Errorf("process %d: the database gave up %d times", n, s.Conflicts())
		}
	}
	processes[0].mustStock(t, skus[0], contract.Stock{OnHand: plenty - 4*rounds, Reserved: 4 * rounds})
}

// testReleaseMeetsReserve: whichever is first, nothing is held in the end.
func testReleaseMeetsReserve(t *testing.T, d *storetest.Database) {
	processes, _ := several(t, d, 2)
	open(t, processes)
	for round := range 20 {
		order := fmt.Sprintf("o%d", round)
		storetest.Together(t, 2, func(n int) error {
			e := encode(t, orders.ReserveStock, reserveFor(order, orders.Item{SKU: lamp, Qty: 1}))
			if n == 1 {
				e = encode(t, orders.ReleaseStock, about(order))
			}
			_, err := processes[n].deliver(t, e)
			return err
		})
	}
	processes[0].mustStock(t, lamp, contract.Stock{OnHand: few})
}

// testOneKeyOneAdjustment: the same request by several processes at once is made once.
func testOneKeyOneAdjustment(t *testing.T, d *storetest.Database) {
	processes, _ := several(t, d, 2)
	open(t, processes)
	const rounds = 10
	for round := range rounds {
		a := contract.AdjustStock{SKU: lamp, Delta: 3, IdempotencyKey: fmt.Sprint("key ", round), Reason: "found"}
		storetest.Together(t, 6, func(n int) error {
			_, err := processes[n%2].AdjustStock(t.Context(), a)
			return err
		})
	}
	processes[0].mustStock(t, lamp, contract.Stock{OnHand: few + 3*rounds})
}

// testOneKeyTwoAdjustments: of two requests under the same key, one is made and the other is refused.
func testOneKeyTwoAdjustments(t *testing.T, d *storetest.Database) {
	processes, _ := several(t, d, 2)
	open(t, processes)
	skus := []string{lamp, chair}
	for round := range 10 {
		errs := storetest.AtOnce(2, func(n int) error {
			a := contract.AdjustStock{SKU: skus[n], Delta: 1, IdempotencyKey: fmt.Sprint("key ", round), Reason: "found"}
			_, err := processes[n].AdjustStock(t.Context(), a)
			return err
		})
		if made := slices.Index(errs, nil); made < 0 || !errors.Is(errs[1-made], contract.ErrConflict) {
			t.Errorf("two requests under one key: %v", errs)
		}
	}
}
