package drivertest

import (
	"fmt"
	"testing"

	"github.com/headrace/headrace/driver"
)

func liveCases() []rule[*liveWorld] {
	return []rule[*liveWorld]{
		{
			"all-listeners-hear-in-order",
			"a screen that shows an older state after a newer one is wrong until the next event",
			liveFanOut,
		},
		{
			"patterns-match-words",
			"who listens to one topic must not be flooded by the others, nor miss its own",
			livePatterns,
		},
		{
			"never-waits-for-a-listener",
			"promise 17: a slow browser must not slow down the relay nor fill the memory",
			liveSlow,
		},
		{
			"the-others-hear-on-when-one-is-lost",
			"one slow browser concerns no other",
			liveOthers,
		},
		{
			"close-ends-a-subscription",
			"a listener's loop ends when its messages do, and many places may close it",
			liveCloseOne,
		},
		{
			"close-ends-everything",
			"a stop must not hang on a listener",
			liveCloseAll,
		},
		{
			"one-of-many-answers-a-question",
			"a page of history that every process of a service sends is that much work for nothing",
			liveOneAnswers,
		},
		{
			"nobody-is-told-at-once",
			"who waits for an owner that does not run holds up all it could do meanwhile",
			liveNobody,
		},
		{
			"a-question-ends-with-its-context",
			"an owner that is stuck must not hold up who asks, nor work for who no longer listens",
			liveGivesUp,
		},
		{
			"answers-no-more-than-the-limit-at-once",
			"promise 17: a crowd that asks for history must not fill the owner's memory",
			liveLimit,
		},
		{
			"a-server-that-closes-finishes-what-it-has-begun",
			"promise 15: what a stop waits for has ended when the stop has",
			liveServerCloses,
		},
		{
			"large-questions-and-answers-come-whole",
			"a page of history is half a mebibyte",
			liveLarge,
		},
	}
}

// liveWorld is a fresh live backend.
type liveWorld struct {
	*world
	live driver.Live
}

func newLiveWorld(t testing.TB, live driver.Live) *liveWorld {
	return &liveWorld{world: newWorld(t), live: live}
}

func (w *liveWorld) subscribe(pattern string, buffer int) driver.Subscription {
	w.Helper()
	s, err := w.live.Subscribe(pattern, buffer)
	w.must(err, "subscribe to "+pattern)
	w.Cleanup(s.Close)
	return s
}

func (w *liveWorld) publish(subject, text string) {
	w.Helper()
	w.must(w.live.Publish(w.ctx, subject, []byte(text)), "publish to "+subject)
}

// hear waits for the next message; it is not there when the subscription has ended.
func (w *liveWorld) hear(s driver.Subscription) (text string, ok bool) {
	w.Helper()
	select {
	case m, ok := <-s.Messages():
		return m.Subject + " " + string(m.Data), ok
	case <-w.ctx.Done():
		w.Fatal("listen: neither a message nor an end")
		return "", false
	}
}

func (w *liveWorld) wantHeard(s driver.Subscription, want ...string) {
	w.Helper()
	for _, text := range want {
		got, ok := w.hear(s)
		if !ok || got != text {
			w.Fatalf("heard %q (the subscription is alive: %v), want %q", got, ok, text)
		}
	}
}

func (w *liveWorld) wantEnd(s driver.Subscription, lost bool) {
	w.Helper()
	for {
		if _, ok := w.hear(s); !ok {
			break
		}
	}
	equal(w.world, s.Lost(), lost, "Lost of a subscription that has ended")
}

func liveFanOut(w *liveWorld) {
	one, two := w.subscribe("event.orders.placed", 100), w.subscribe("event.orders.placed", 100)
	var want []string
	for i := range 50 {
		w.publish("event.orders.placed", fmt.Sprint(i))
		want = append(want, fmt.Sprint("event.orders.placed ", i))
	}
	w.wantHeard(one, want...)
	w.wantHeard(two, want...)
	equal(w.world, one.Lost(), false, "Lost of a subscription that lives")
}

func livePatterns(w *liveWorld) {
	subjects := []string{"event", "event.orders", "event.orders.placed", "event.orders.paid", "event.stock.placed", "event.orders.placed.eu", "other.orders.placed"}
	for pattern, want := range map[string][]string{
		"event.orders.placed": {"event.orders.placed"},
		"event.*.placed":      {"event.orders.placed", "event.stock.placed"},
		"event.orders.*":      {"event.orders.placed", "event.orders.paid"},
		"event.orders.>":      {"event.orders.placed", "event.orders.paid", "event.orders.placed.eu"},
		"*.orders.placed":     {"event.orders.placed", "other.orders.placed"},
		"event.>":             {"event.orders", "event.orders.placed", "event.orders.paid", "event.stock.placed", "event.orders.placed.eu"},
		">":                   subjects,
		"event.*.>":           {"event.orders.placed", "event.orders.paid", "event.stock.placed", "event.orders.placed.eu"},
	} {
		s := w.subscribe(pattern, 100)
		for _, subject := range subjects {
			w.publish(subject, pattern)
		}
		w.publish(want[0], "the end") // comes after whatever else is heard
		for _, subject := range want {
			w.wantHeard(s, subject+" "+pattern)
		}
		w.wantHeard(s, want[0]+" the end")
		s.Close()
	}
}

func liveSlow(w *liveWorld) {
	s := w.subscribe("event.>", 3)
	for i := range 5000 {
		w.publish("event.orders", fmt.Sprint(i))
	}
	w.wantEnd(s, true)
	again := w.subscribe("event.>", 10_000) // enough for what is still on its way
	w.publish("event.orders", "again")
	for heard := ""; heard != "event.orders again"; {
		text, ok := w.hear(again)
		equal(w.world, ok, true, "a new subscription lives")
		heard = text
	}
}

func liveOthers(w *liveWorld) {
	slow, quick := w.subscribe("event.>", 1), w.subscribe("event.>", 100)
	for i := range 2000 {
		w.publish("event.orders", fmt.Sprint(i))
		w.wantHeard(quick, fmt.Sprint("event.orders ", i))
	}
	w.wantEnd(slow, true)
	equal(w.world, quick.Lost(), false, "Lost of a listener that was quick enough")
}

func liveCloseOne(w *liveWorld) {
	s, stays := w.subscribe("event.>", 10), w.subscribe("event.>", 10)
	w.each(3, "close at once", func(int) error { s.Close(); return nil })
	w.wantEnd(s, false)
	w.publish("event.orders", "after")
	w.wantHeard(stays, "event.orders after")
}

func liveCloseAll(w *liveWorld) {
	one, two := w.subscribe("event.>", 10), w.subscribe("other", 10)
	w.must(w.live.Close(), "close")
	w.wantEnd(one, false)
	w.wantEnd(two, false)
	one.Close()
}
