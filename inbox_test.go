package headrace

import (
	"fmt"
	"sync"
	"testing"

	"github.com/headrace/headrace/driver"
)

func changeOf(n int) change {
	return change{slot: slotID{"g", driver.Partition{Topic: "p", Number: n}}}
}

// awake tells whether the loop would be woken, and takes the wake-up.
func awake(b *inbox) bool {
	select {
	case <-b.wake:
		return true
	default:
		return false
	}
}

func TestInboxKeepsTheOrder(t *testing.T) {
	t.Parallel()
	b := newInbox()
	if awake(b) || len(b.take()) != 0 {
		t.Error("a new inbox has something in it")
	}
	for n := range 5 {
		b.put(changeOf(n))
	}
	if !awake(b) || awake(b) {
		t.Error("five changes have to wake the loop once")
	}
	for n, c := range b.take() {
		if c != changeOf(n) {
			t.Errorf("change %d is %+v", n, c)
		}
	}
	if len(b.take()) != 0 {
		t.Error("what was taken is there again")
	}
}

func TestKickWakesWithoutAChange(t *testing.T) {
	t.Parallel()
	b := newInbox()
	b.kick()
	b.kick() // does not wait for anybody to listen
	if !awake(b) || len(b.take()) != 0 {
		t.Error("a kick has to wake, and to bring nothing")
	}
}

// TestInboxLosesNothing has a loop that sleeps whenever it was not woken, and senders that never wait for it.
func TestInboxLosesNothing(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 100
	b, seen := newInbox(), map[string]bool{}
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for n := range each {
				b.put(change{slot: slotID{fmt.Sprint(s), driver.Partition{Number: n}}})
			}
		})
	}
	for len(seen) < senders*each {
		<-b.wake
		for _, c := range b.take() {
			seen[fmt.Sprint(c.slot)] = true
		}
	}
	sending.Wait()
}
