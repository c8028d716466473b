package inventory

import (
	"cmp"
	"slices"

	"github.com/headrace/headrace/apps/shop/inventory/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// kind is why stock moved.
type kind string

const (
	adjust  kind = "adjust"
	reserve kind = "reserve"
	release kind = "release"
	commit  kind = "commit"
)

// movement is one change of one product's stock: how many pieces more or less are in each place.
type movement struct {
	sku                       string
	onHand, reserved, shipped int64
}

// move is what a kind of change does with pieces that an order has, or wants.
func (k kind) move(line contract.Item) movement {
	switch k {
	case reserve:
		return movement{sku: line.SKU, onHand: -line.Qty, reserved: line.Qty}
	case release:
		return movement{sku: line.SKU, onHand: line.Qty, reserved: -line.Qty}
	case commit:
		return movement{sku: line.SKU, reserved: -line.Qty, shipped: line.Qty}
	default:
		return movement{sku: line.SKU, onHand: line.Qty}
	}
}

func (k kind) moves(lines []contract.Item) []movement {
	list := make([]movement, len(lines))
	for i, line := range lines {
		list[i] = k.move(line)
	}
	return list
}

// wanted is what an order asks for: one line per product, by SKU, which is the order in which rows are locked.
func wanted(lines []orders.Item) []contract.Item {
	total := map[string]int64{}
	for _, line := range lines {
		total[line.SKU] += line.Qty
	}
	list := make([]contract.Item, 0, len(total))
	for sku, qty := range total {
		list = append(list, contract.Item{SKU: sku, Qty: qty})
	}
	slices.SortFunc(list, func(a, b contract.Item) int { return cmp.Compare(a.SKU, b.SKU) })
	return list
}

// shortages is what is missing on the shelf for these lines. A product that is not on the shelf at all has nothing available.
func shortages(lines []contract.Item, onHand map[string]int64) []contract.Shortage {
	var missing []contract.Shortage
	for _, line := range lines {
		if available := onHand[line.SKU]; line.Qty < 1 || line.Qty > available {
			missing = append(missing, contract.Shortage{SKU: line.SKU, Asked: line.Qty, Available: available})
		}
	}
	return missing
}

// crossesLow reports whether taking qty pieces off the shelf leaves few for the first time.
func crossesLow(before, qty, low int64) bool { return before >= low && before-qty < low }
