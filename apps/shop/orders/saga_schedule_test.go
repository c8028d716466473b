package orders

import (
	"math/rand/v2"
	"testing"

	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// world is an order's saga among model services. Requests to one service keep their order, as do the answers of one service; everything
// else happens in an order drawn at random, and every answer may come again at any later time.
type world struct {
	t       *testing.T
	chance  *rand.Rand
	order   progress
	said    map[step]int
	asked   map[string][]step
	answers map[string][]heard
	repeats []heard

	stock, money, parcel string // "", held, gone, or back
	declines, refuses    bool   // the card
	short                bool   // the shelf
	repeated             int
}

const (
	toInventory = "inventory"
	toPayments  = "payments"
	toShipping  = "shipping"
)

func (w *world) do(steps []step) {
	for _, s := range steps {
		switch s {
		case askToReserve, askToRelease, askToCommit:
			w.asked[toInventory] = append(w.asked[toInventory], s)
		case askToAuthorize, askToVoid, askToCapture:
			w.asked[toPayments] = append(w.asked[toPayments], s)
		case askToShip, askToRecall:
			w.asked[toShipping] = append(w.asked[toShipping], s)
		default:
			w.said[s]++
		}
	}
}

func (w *world) tell(h heard) {
	var steps []step
	w.order, steps = w.order.next(h, false)
	w.do(steps)
}

// serve lets a service do the oldest thing that it is asked for.
func (w *world) serve(service string) {
	s := w.asked[service][0]
	w.asked[service] = w.asked[service][1:]
	answer := func(h ...heard) { w.answers[service] = append(w.answers[service], h...) }
	switch {
	case s == askToReserve && w.stock == "" && w.short:
		answer(heard{news: stockRejected})
	case s == askToReserve && w.stock == "":
		w.stock = "held"
		answer(heard{news: stockReserved})
	case s == askToRelease:
		answer(heard{news: stockReleased, held: w.stock == "held"})
		w.stock = "back"
	case s == askToCommit && w.stock == "held":
		w.stock = "gone"
		answer(heard{news: stockCommitted})
	case s == askToAuthorize && w.money == "" && w.declines:
		answer(heard{news: paymentDeclined})
	case s == askToAuthorize && w.money == "":
		w.money = "held"
		answer(heard{news: paymentAuthorized})
	case s == askToVoid && w.money != "gone":
		answer(heard{news: paymentVoided, held: w.money == "held"})
		w.money = "back"
	case s == askToCapture && w.money == "held" && w.refuses:
		answer(heard{news: captureFailed})
	case s == askToCapture && w.money == "held":
		w.money = "gone"
		answer(heard{news: paymentCaptured})
	case s == askToShip && w.parcel == "":
		w.parcel = "gone"
		answer(heard{news: parcelDispatched}, heard{news: parcelDelivered})
	default:
		w.t.Errorf("%s is asked for %d while stock is %q, money %q, parcel %q", service, s, w.stock, w.money, w.parcel)
	}
}

// choices are all things that can happen next.
func (w *world) choices() []func() {
	var list []func()
	for _, service := range []string{toInventory, toPayments, toShipping} {
		if len(w.asked[service]) > 0 {
			list = append(list, func() { w.serve(service) })
		}
		if len(w.answers[service]) > 0 {
			list = append(list, func() {
				h := w.answers[service][0]
				w.answers[service] = w.answers[service][1:]
				if w.chance.IntN(2) == 0 {
					w.repeats = append(w.repeats, h)
				}
				w.tell(h)
			})
		}
	}
	if n := len(w.repeats); n > 0 {
		list = append(list, func() {
			i := w.chance.IntN(n)
			h := w.repeats[i]
			w.repeats = append(w.repeats[:i:i], w.repeats[i+1:]...)
			w.repeated++
			w.tell(h)
		})
	}
	return list
}

func (w *world) run() {
	var steps []step
	w.order, steps = start()
	w.do(steps)
	cancelAt := w.chance.IntN(20)
	for n := 0; ; n++ {
		if n == cancelAt && w.order.cancellable() {
			w.tell(heard{news: cancelAsked, reason: "buyer_request"})
		}
		list := w.choices()
		if len(list) == 0 {
			return
		}
		list[w.chance.IntN(len(list))]()
	}
}

// check is what must hold when nothing is left to happen.
func (w *world) check() {
	held := w.stock == "held" || w.money == "held"
	got := [3]string{w.stock, w.money, w.parcel}
	switch ok := w.order.status; {
	case ok == contract.StatusFulfilled && got == [3]string{"gone", "gone", "gone"} && w.said[sayFulfilled] == 1:
	case ok == contract.StatusCancelled && !held && w.money != "gone" && w.parcel == "" && w.said[sayCancelled] == 1:
	case ok == contract.StatusNeedsAttention && got == [3]string{"held", "held", "gone"} && w.said[sayNeedsAttention] == 1:
	default:
		w.t.Errorf("ended as %+v with stock %q, money %q, parcel %q, having said %v", w.order, w.stock, w.money, w.parcel, w.said)
	}
}

func TestEveryScheduleEnds(t *testing.T) {
	t.Parallel()
	ends, repeated := map[contract.Status]int{}, 0
	for seed := range uint64(20_000) {
		chance := rand.New(rand.NewPCG(seed, 1))
		w := &world{
			t: t, chance: chance, said: map[step]int{}, asked: map[string][]step{}, answers: map[string][]heard{},
			declines: chance.IntN(4) == 0, refuses: chance.IntN(4) == 0, short: chance.IntN(4) == 0,
		}
		w.run()
		if w.check(); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		ends[w.order.status]++
		repeated += w.repeated
	}
	for _, s := range []contract.Status{contract.StatusFulfilled, contract.StatusCancelled, contract.StatusNeedsAttention} {
		if ends[s] < 1000 {
			t.Errorf("only %d schedules ended %s: %v", ends[s], s, ends)
		}
	}
	if repeated < 10_000 {
		t.Errorf("only %d answers came again", repeated)
	}
}
