// Package money is an amount in minor units of a currency: cents, never a float.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Default is the currency of the shop.
const Default = "EUR"

// Money is an amount of minor units (cents) of a currency. The zero Money is nothing, of no currency yet: it can be added to any.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

var (
	// ErrOverflow means that an amount does not fit an int64.
	ErrOverflow = errors.New("amount overflows")
	// ErrCurrency means that amounts of two currencies were added.
	ErrCurrency = errors.New("currencies differ")
)

// EUR is an amount of euro cents.
func EUR(cents int64) Money { return Money{Amount: cents, Currency: Default} }

// Add returns m + n. It fails with ErrCurrency or ErrOverflow.
func (m Money) Add(n Money) (Money, error) {
	switch {
	case m == Money{}:
		return n, nil
	case n == Money{}:
		return m, nil
	case m.Currency != n.Currency:
		return Money{}, fmt.Errorf("add %s and %s: %w", m, n, ErrCurrency)
	}
	if n.Amount > 0 && m.Amount > math.MaxInt64-n.Amount || n.Amount < 0 && m.Amount < math.MinInt64-n.Amount {
		return Money{}, fmt.Errorf("add %s and %s: %w", m, n, ErrOverflow)
	}
	return Money{Amount: m.Amount + n.Amount, Currency: m.Currency}, nil
}

// Times returns m multiplied by a count of 0 or more. It fails with ErrOverflow.
func (m Money) Times(count int64) (Money, error) {
	if count < 0 || m.Amount == math.MinInt64 {
		return Money{}, fmt.Errorf("%s times %d: %w", m, count, ErrOverflow)
	}
	amount, negative := m.Amount, m.Amount < 0
	if negative {
		amount = -amount
	}
	high, low := bits.Mul64(uint64(amount), uint64(count))
	if high != 0 || low > math.MaxInt64 {
		return Money{}, fmt.Errorf("%s times %d: %w", m, count, ErrOverflow)
	}
	product := int64(low)
	if negative {
		product = -product
	}
	return Money{Amount: product, Currency: m.Currency}, nil
}

// String is the amount as people read it: "12.34 EUR".
func (m Money) String() string {
	sign, amount := "", uint64(m.Amount)
	if m.Amount < 0 {
		sign, amount = "-", -amount
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, amount/100, amount%100, m.Currency)
}
