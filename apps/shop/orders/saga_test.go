package orders

import (
	"slices"
	"testing"

	"github.com/headrace/headrace/apps/shop/orders/contract"
)

type moment struct {
	state state
	news  news
}

type outcome struct {
	state  state
	status contract.Status
	reason string
	steps  []step
}

// story is everything that ever moves an order. What is not in it must change nothing.
func story() map[moment]outcome {
	placed, confirmed, shipped := contract.StatusPlaced, contract.StatusConfirmed, contract.StatusShipped
	return map[moment]outcome{
		{reserving, stockReserved}: {authorizing, placed, "", []step{askToAuthorize}},
		{reserving, stockRejected}: {cancelled, contract.StatusCancelled, outOfStock, []step{sayCancelled}},
		{reserving, cancelAsked}:   {releasing, placed, "buyer_request", []step{sayCancelling, askToRelease}},

		{authorizing, paymentAuthorized}: {sending, confirmed, "", []step{sayConfirmed, askToShip}},
		{authorizing, paymentDeclined}:   {releasing, placed, paymentRefused, []step{askToRelease}},
		{authorizing, cancelAsked}:       {voiding, placed, "buyer_request", []step{sayCancelling, askToVoid}},

		{"confirmed", shipmentDue}: {sending, placed, "", []step{askToShip}},
		{"confirmed", cancelAsked}: {voiding, placed, "buyer_request", []step{sayCancelling, askToVoid}},

		{sending, parcelDispatched}: {capturing, shipped, "", []step{askToCapture}},
		{sending, shipmentFailed}:   {voiding, placed, shipmentRefused, []step{askToVoid}},

		{capturing, paymentCaptured}:  {committing, shipped, "", []step{askToCommit}},
		{capturing, captureFailed}:    {attention, contract.StatusNeedsAttention, captureRefused, []step{sayNeedsAttention}},
		{attention, paymentCaptured}:  {committing, shipped, "", []step{askToCommit}},
		{committing, stockCommitted}:  {delivering, placed, "", nil},
		{delivering, parcelDelivered}: {fulfilled, contract.StatusFulfilled, "", []step{sayFulfilled}},

		{voiding, paymentVoided}:       {releasing, placed, "", []step{askToRelease}},
		{releasing, stockReleased}:     {cancelled, contract.StatusCancelled, "", []step{sayCancelled}},
		{releasing, paymentAuthorized}: {releasing, placed, "", []step{askToVoid}},

		{cancelled, stockReserved}:     {cancelled, placed, "", []step{askToRelease}},
		{cancelled, paymentAuthorized}: {cancelled, placed, "", []step{askToVoid}},
		{cancelled, parcelDispatched}:  {cancelled, placed, "", []step{askToRecall}},
	}
}

func TestEveryMoment(t *testing.T) {
	t.Parallel()
	states := []state{
		reserving, authorizing, confirmed, sending, capturing, committing, delivering, fulfilled, attention, voiding, releasing, cancelled,
	}
	told := story()
	for _, s := range states {
		for n := stockReserved; n <= cancelAsked; n++ {
			before := progress{state: s, status: contract.StatusPlaced}
			want, moves := told[moment{s, n}]
			if !moves {
				want = outcome{state: s, status: contract.StatusPlaced}
			}
			after, steps := before.next(heard{news: n, reason: "buyer_request"}, false)
			got := outcome{after.state, after.status, after.reason, steps}
			if got.state != want.state || got.status != want.status || got.reason != want.reason || !slices.Equal(got.steps, want.steps) {
				t.Errorf("%s hears %d: %+v, want %+v", s, n, got, want)
			}
			delete(told, moment{s, n})
		}
	}
	if len(told) > 0 {
		t.Errorf("moments that were never tried: %v", told)
	}
}

func TestConfirmedOrderWaitsWhenBuyersMayCancel(t *testing.T) {
	t.Parallel()
	p, steps := progress{state: authorizing}.next(heard{news: paymentAuthorized}, true)
	if p.state != confirmed || !p.cancellable() || !slices.Equal(steps, []step{sayConfirmed, waitToShip}) {
		t.Errorf("authorised: %+v, %v", p, steps)
	}
}

func TestArrivalBeforeTheMoneyIsRemembered(t *testing.T) {
	t.Parallel()
	for _, early := range []state{sending, capturing, committing} {
		p, steps := progress{state: early}.next(heard{news: parcelDelivered}, false)
		if p.state != early || !p.delivered || len(steps) > 0 {
			t.Errorf("arrived while %s: %+v, %v", early, p, steps)
		}
	}
	p, steps := progress{state: committing, delivered: true}.next(heard{news: stockCommitted}, false)
	if p.state != fulfilled || !slices.Equal(steps, []step{sayFulfilled}) {
		t.Errorf("committed after the arrival: %+v, %v", p, steps)
	}
}

func TestWhatWasUndoneIsNamed(t *testing.T) {
	t.Parallel()
	p := progress{state: voiding}
	p, _ = p.next(heard{news: paymentVoided, held: true}, false)
	p, _ = p.next(heard{news: stockReleased, held: true}, false)
	if !slices.Equal(p.undone, []string{undonePayment, undoneStock}) {
		t.Errorf("undone: %v", p.undone)
	}
	p = progress{state: voiding}
	p, _ = p.next(heard{news: paymentVoided}, false)
	p, _ = p.next(heard{news: stockReleased}, false)
	if len(p.undone) > 0 {
		t.Errorf("nothing was held, and %v undone", p.undone)
	}
}
