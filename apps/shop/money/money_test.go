package money

import (
	"errors"
	"math"
	"testing"
)

func TestAdd(t *testing.T) {
	t.Parallel()
	usd := Money{Amount: 1, Currency: "USD"}
	for name, c := range map[string]struct {
		a, b, want Money
		err        error
	}{
		"sum":                   {a: EUR(250), b: EUR(-50), want: EUR(200)},
		"nothing takes any":     {a: Money{}, b: usd, want: usd},
		"any takes nothing":     {a: usd, b: Money{}, want: usd},
		"two currencies":        {a: EUR(1), b: usd, err: ErrCurrency},
		"up to the top":         {a: EUR(math.MaxInt64 - 1), b: EUR(1), want: EUR(math.MaxInt64)},
		"over the top":          {a: EUR(math.MaxInt64), b: EUR(1), err: ErrOverflow},
		"down to the bottom":    {a: EUR(math.MinInt64 + 1), b: EUR(-1), want: EUR(math.MinInt64)},
		"under the bottom":      {a: EUR(math.MinInt64), b: EUR(-1), err: ErrOverflow},
		"bottom and bottom":     {a: EUR(math.MinInt64), b: EUR(math.MinInt64), err: ErrOverflow},
		"top and bottom cancel": {a: EUR(math.MaxInt64), b: EUR(math.MinInt64), want: EUR(-1)},
	} {
		got, err := c.a.Add(c.b)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v + %v = %v, %v; want %v, %v", name, c.a, c.b, got, err, c.want, c.err)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a     Money
		count int64
		want  Money
		err   error
	}{
		"product":      {a: EUR(1999), count: 3, want: EUR(5997)},
		"none":         {a: EUR(1999), count: 0, want: EUR(0)},
		"negative":     {a: EUR(-5), count: 4, want: EUR(-20)},
		"overflow":     {a: EUR(math.MaxInt64/2 + 1), count: 2, err: ErrOverflow},
		"far overflow": {a: EUR(math.MaxInt64), count: math.MaxInt64, err: ErrOverflow},
		"bottom":       {a: EUR(math.MinInt64), count: 1, err: ErrOverflow},
		"minus count":  {a: EUR(1), count: -1, err: ErrOverflow},
	} {
		got, err := c.a.Times(c.count)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v × %d = %v, %v; want %v, %v", name, c.a, c.count, got, err, c.want, c.err)
		}
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]Money{
		"12.34 EUR":                 EUR(1234),
		"0.05 EUR":                  EUR(5),
		"-0.05 EUR":                 EUR(-5),
		"-92233720368547758.08 EUR": EUR(math.MinInt64),
	} {
		if got := m.String(); got != want {
			t.Errorf("%d is written %q, want %q", m.Amount, got, want)
		}
	}
}
