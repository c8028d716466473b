// Package load places orders at a running shop by HTTP, at a fixed rate, as many buyers would: some products are wanted more than others,
// some cards are declined, some orders are cancelled. It knows nothing of the shop but its API.
//
// The loop is open: orders fall due by the clock, whether earlier ones were answered or not, and latency counts from then. A shop that is
// killed and comes back costs latency, not orders: what was not answered is asked again with the same idempotency key.
package load

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Config says what to do. URL is required; the rest is useful at zero.
type Config struct {
	// URL is where the shop is, such as http://127.0.0.1:8080.
	URL string
	// Rate is how many orders fall due in a second. Default 50.
	Rate float64
	// For is how long. Default 1 min.
	For time.Duration
	// Users is how many buyers there are. Default 200.
	Users int
	// Declined and Cancelled are shares of orders, from 0 to 1: those with a bad card, and those that the buyer tries to cancel at once.
	// Default 0.05 and 0.03; below 0 for none.
	Declined, Cancelled float64
	// Watched is how many orders per second are followed to their end, at most. Default 5.
	Watched float64
	// Patience is how long one order is tried for while the shop is out of reach. Default 1 min.
	Patience time.Duration
	// InFlight is how many orders may be unanswered at once. What falls due beyond that is counted as skipped. Default 2,000.
	InFlight int
	// Out is told how it goes, on one line that is written over and over. nil: nobody.
	Out io.Writer
	// Seed makes the choices of two runs the same. Default 1.
	Seed uint64
}

func (c Config) withDefaults() Config {
	c.Rate = cmp.Or(c.Rate, 50)
	c.For = cmp.Or(c.For, time.Minute)
	c.Users = cmp.Or(c.Users, 200)
	c.Declined = cmp.Or(c.Declined, 0.05)
	c.Cancelled = cmp.Or(c.Cancelled, 0.03)
	c.Watched = cmp.Or(c.Watched, 5)
	c.Patience = cmp.Or(c.Patience, time.Minute)
	c.InFlight = cmp.Or(c.InFlight, 2000)
	c.Out = cmp.Or(c.Out, io.Discard)
	c.Seed = cmp.Or(c.Seed, 1)
	return c
}

// run is one run under way.
type run struct {
	config Config
	shop   *client
	wishes *wishes
	users  []string // their tokens
	tally  *tally
	watch  time.Time // when the next order may be followed
	saying sync.Mutex
}

// Run does it, and returns what came of it when every order that fell due is answered or given up. It fails when the shop cannot be reached
// in the beginning. When ctx ends, no further orders fall due.
func Run(ctx context.Context, c Config) (Summary, error) {
	c = c.withDefaults()
	r := &run{config: c, shop: newClient(c.URL, c.Patience)}
	if err := r.prepare(ctx); err != nil {
		return Summary{}, err
	}
	r.tally = newTally()
	stop := r.report()
	r.placeAll(ctx)
	stop()
	return r.tally.summary(), nil
}

// prepare waits for the shop to open and gets the catalogue and the users.
func (r *run) prepare(ctx context.Context) error {
	if err := r.shop.awaitReady(ctx); err != nil {
		return fmt.Errorf("wait for the shop: %w", err)
	}
	products, err := r.shop.products(ctx)
	if err != nil {
		return fmt.Errorf("read the catalogue: %w", err)
	}
	r.wishes = newWishes(products, r.config)
	if r.users, err = r.signIn(ctx); err != nil {
		return fmt.Errorf("sign users in: %w", err)
	}
	return nil
}

// placeAll places orders as they fall due, and waits for all of them.
func (r *run) placeAll(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, r.config.InFlight)
	begin := time.Now()
	patient, giveUp := context.WithCancel(context.WithoutCancel(ctx)) // what has fallen due is finished
	defer context.AfterFunc(ctx, func() { time.AfterFunc(r.config.Patience, giveUp) })()
	for n := 0; ; n++ {
		due := begin.Add(time.Duration(float64(n) / r.config.Rate * float64(time.Second)))
		if due.Sub(begin) >= r.config.For || !sleepUntil(ctx, due) {
			return
		}
		wish := r.wishes.next(len(r.users))
		follow := r.mayFollow(due)
		select {
		case slots <- struct{}{}:
			running.Go(func() {
				r.live(patient, wish, due, follow)
				<-slots
			})
		default:
			r.tally.skip()
		}
	}
}

// mayFollow picks the orders that are followed to their end.
func (r *run) mayFollow(due time.Time) bool {
	if r.config.Watched <= 0 || due.Before(r.watch) {
		return false
	}
	r.watch = due.Add(time.Duration(float64(time.Second) / r.config.Watched))
	return true
}

// sleepUntil reports false if ctx ends first.
func sleepUntil(ctx context.Context, due time.Time) bool {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// wishes draws what buyers want. One goroutine uses it.
type wishes struct {
	config   Config
	chance   *rand.Rand
	popular  *rand.Zipf
	products []product
}

// wish is one order that somebody wants to place.
type wish struct {
	user   int
	lines  []line
	token  string
	key    string
	cancel bool
}

const (
	goodCard = "4242424242424242"
	badCard  = "4000000000000002"
	zipfS    = 1.2 // how much more popular the first product is than the next
	maxLines = 3
	maxQty   = 3
)

func newWishes(products []product, c Config) *wishes {
	chance := rand.New(rand.NewPCG(c.Seed, 0))
	return &wishes{config: c, chance: chance, products: products, popular: rand.NewZipf(chance, zipfS, 1, uint64(len(products)-1))}
}

func (w *wishes) next(users int) wish {
	got := wish{user: w.chance.IntN(users), token: goodCard, key: newKey(), cancel: w.chance.Float64() < w.config.Cancelled}
	if w.chance.Float64() < w.config.Declined {
		got.token = badCard
	}
	for range 1 + w.chance.IntN(maxLines) {
		got.lines = append(got.lines, line{SKU: w.products[w.popular.Uint64()].SKU, Qty: 1 + w.chance.IntN(maxQty)})
	}
	return got
}
