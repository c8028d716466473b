package headrace

import (
	"context"
	"time"

	"github.com/headrace/headrace/driver"
)

// A process that is not the relay tells the one that is, over live, that there is something in the outbox. A nudge that gets lost costs one
// poll's time.

// nudgeBuffer is how many nudges may wait. It is of no use to know of more than one; but when a listener's buffer is full, it has to listen
// again.
const nudgeBuffer = 64

func nudgeSubject(service string) string { return "nudge." + liveWord(service) }

// nudge tells the relay, wherever it is. It is called while this one does not lead.
func (r *relay) nudge(ctx context.Context) {
	if r.live == nil {
		return
	}
	if err := r.live.Publish(ctx, nudgeSubject(r.service.name), nil); err != nil {
		r.service.log().DebugContext(ctx, "the relay could not be nudged; it polls", "error", err)
	}
}

// earsAgain is how long a relay that could not listen does without: the attempt may take a while, and numbering waits for it.
const earsAgain = 5 * time.Second

// listen makes sure that nudges are heard, and returns where. Without live that is a channel on which nothing ever comes.
func (r *relay) listen() <-chan driver.LiveMessage {
	if now := r.service.clock.Now(); r.ears == nil && r.live != nil && !now.Before(r.earsDue) {
		r.earsDue = now.Add(earsAgain)
		ears, err := r.live.Subscribe(nudgeSubject(r.service.name), nudgeBuffer)
		if err != nil {
			r.service.log().Debug("nudges are not heard; outbox is polled", "error", err)
			return nil
		}
		r.ears = ears
	}
	if r.ears == nil {
		return nil
	}
	return r.ears.Messages()
}

// wasNudged makes one of all nudges that wait. If listening has ended, because there were too many of them, it begins again.
func (r *relay) wasNudged(heard bool) {
	for nudges := r.ears.Messages(); heard && len(nudges) > 0; {
		_, heard = <-nudges
	}
	if !heard {
		r.deafen()
	}
}

// deafen ends listening to nudges.
func (r *relay) deafen() {
	r.earsDue = time.Time{}
	if r.ears != nil {
		r.ears.Close()
		r.ears = nil
	}
}
