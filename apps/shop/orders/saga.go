package orders

import (
	"slices"

	"github.com/headrace/headrace/apps/shop/orders/contract"
)

// state is what the saga of an order waits for.
type state string

const (
	reserving   state = "reserving"   // for stock
	authorizing state = "authorizing" // for the payment
	confirmed   state = "confirmed"   // for the time to cancel to pass
	sending     state = "sending"     // for the parcel to leave
	capturing   state = "capturing"   // for the money
	committing  state = "committing"  // for the stock to be written off
	delivering  state = "delivering"  // for the parcel to arrive
	fulfilled   state = "fulfilled"   // for nothing: the end
	attention   state = "attention"   // for a person
	voiding     state = "voiding"     // for the payment to be given back
	releasing   state = "releasing"   // for the stock to be given back
	cancelled   state = "cancelled"   // for nothing: the end
)

// news is what a saga hears.
type news int

const (
	stockReserved news = iota + 1
	stockRejected
	stockReleased
	stockCommitted
	paymentAuthorized
	paymentDeclined
	paymentCaptured
	captureFailed
	paymentVoided
	shipmentDue
	shipmentFailed
	parcelDispatched
	parcelDelivered
	cancelAsked
)

// step is what a saga does: it asks a service for something, or says what has become of the order.
type step int

const (
	askToReserve step = iota + 1
	askToAuthorize
	waitToShip
	askToShip
	askToCapture
	askToCommit
	askToVoid
	askToRelease
	askToRecall
	sayConfirmed
	sayCancelling
	sayCancelled
	sayFulfilled
	sayNeedsAttention
)

// Reasons why an order ended otherwise than fulfilled.
const (
	outOfStock      = "out_of_stock"
	paymentRefused  = "payment_declined"
	shipmentRefused = "shipment_failed"
	captureRefused  = "capture_failed"
)

// What can be undone, as [contract.CancelledData] names it.
const (
	undonePayment = "payment"
	undoneStock   = "stock"
)

// progress is how far an order is. It is a value: the functions here return a changed copy and what is to be done about it.
type progress struct {
	state     state
	status    contract.Status
	reason    string
	delivered bool
	undone    []string
}

// start is the saga of an order that has just been placed.
func start() (progress, []step) {
	return progress{state: reserving, status: contract.StatusPlaced}, []step{askToReserve}
}

// heard is one piece of news. held says whether what was given back had been held; reason why somebody cancels.
type heard struct {
	news   news
	held   bool
	reason string
}

// next decides what follows from a piece of news. What a state does not wait for changes nothing, with two exceptions: an arrival is noted
// whenever it comes, and what an order is given after it gave up is given back.
func (p progress) next(h heard, waits bool) (progress, []step) {
	if h.news == parcelDelivered {
		return p.arrived()
	}
	switch p.state {
	case reserving:
		return p.whileReserving(h)
	case authorizing:
		return p.whileAuthorizing(h, waits)
	case confirmed:
		return p.whileConfirmed(h)
	case sending:
		return p.whileSending(h)
	case capturing, attention:
		return p.whileCapturing(h)
	case committing:
		return p.whileCommitting(h)
	case voiding:
		return p.whileVoiding(h)
	case releasing:
		return p.whileReleasing(h)
	case cancelled:
		return p, giveBack(h)
	default:
		return p, nil
	}
}

func (p progress) whileReserving(h heard) (progress, []step) {
	switch h.news {
	case stockReserved:
		return p.to(authorizing), []step{askToAuthorize}
	case stockRejected:
		return p.because(outOfStock).cancel(), []step{sayCancelled}
	case cancelAsked:
		return p.because(h.reason).to(releasing), []step{sayCancelling, askToRelease}
	default:
		return p, nil
	}
}

func (p progress) whileAuthorizing(h heard, waits bool) (progress, []step) {
	switch h.news {
	case paymentAuthorized:
		p.status = contract.StatusConfirmed
		if waits {
			return p.to(confirmed), []step{sayConfirmed, waitToShip}
		}
		return p.to(sending), []step{sayConfirmed, askToShip}
	case paymentDeclined:
		return p.because(paymentRefused).to(releasing), []step{askToRelease}
	case cancelAsked:
		return p.because(h.reason).to(voiding), []step{sayCancelling, askToVoid}
	default:
		return p, nil
	}
}

func (p progress) whileConfirmed(h heard) (progress, []step) {
	switch h.news {
	case shipmentDue:
		return p.to(sending), []step{askToShip}
	case cancelAsked:
		return p.because(h.reason).to(voiding), []step{sayCancelling, askToVoid}
	default:
		return p, nil
	}
}

func (p progress) whileSending(h heard) (progress, []step) {
	switch h.news {
	case parcelDispatched:
		p.status = contract.StatusShipped
		return p.to(capturing), []step{askToCapture}
	case shipmentFailed:
		return p.because(shipmentRefused).to(voiding), []step{askToVoid}
	default:
		return p, nil
	}
}

// whileCapturing is past the point of return: the parcel is on its way, so the order goes on or needs a person, who may yet get the money.
func (p progress) whileCapturing(h heard) (progress, []step) {
	switch {
	case h.news == paymentCaptured:
		p.status = contract.StatusShipped
		return p.because("").to(committing), []step{askToCommit}
	case h.news == captureFailed && p.state == capturing:
		p.status = contract.StatusNeedsAttention
		return p.because(captureRefused).to(attention), []step{sayNeedsAttention}
	default:
		return p, nil
	}
}

func (p progress) whileCommitting(h heard) (progress, []step) {
	if h.news != stockCommitted {
		return p, nil
	}
	if p.delivered {
		return p.fulfil()
	}
	return p.to(delivering), nil
}

// arrived notes an arrival, and ends the order if that was the last thing it waited for.
func (p progress) arrived() (progress, []step) {
	p.delivered = true
	if p.state == delivering {
		return p.fulfil()
	}
	return p, nil
}

// Undoing goes backwards, one thing after the other: the payment, then the stock.

func (p progress) whileVoiding(h heard) (progress, []step) {
	if h.news != paymentVoided {
		return p, nil
	}
	return p.undo(undonePayment, h.held).to(releasing), []step{askToRelease}
}

func (p progress) whileReleasing(h heard) (progress, []step) {
	if h.news != stockReleased {
		return p, giveBackPayment(h)
	}
	return p.undo(undoneStock, h.held).cancel(), []step{sayCancelled}
}

// giveBack undoes what came after the end.
func giveBack(h heard) []step {
	switch h.news {
	case stockReserved:
		return []step{askToRelease}
	case parcelDispatched:
		return []step{askToRecall}
	default:
		return giveBackPayment(h)
	}
}

func giveBackPayment(h heard) []step {
	if h.news == paymentAuthorized {
		return []step{askToVoid}
	}
	return nil
}

func (p progress) to(s state) progress {
	p.state = s
	return p
}

func (p progress) because(reason string) progress {
	p.reason = reason
	return p
}

func (p progress) undo(what string, held bool) progress {
	if held {
		p.undone = append(slices.Clip(p.undone), what)
	}
	return p
}

func (p progress) cancel() progress {
	p.status = contract.StatusCancelled
	return p.to(cancelled)
}

func (p progress) fulfil() (progress, []step) {
	p.status = contract.StatusFulfilled
	return p.to(fulfilled), []step{sayFulfilled}
}

// cancellable reports whether somebody may still ask to cancel.
func (p progress) cancellable() bool {
	return p.state == reserving || p.state == authorizing || p.state == confirmed
}

// cancelling reports whether the order is being undone.
func (p progress) cancelling() bool { return p.state == voiding || p.state == releasing }
