package headrace_test

import (
	"context"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func TestForeignBytesMoveNoCursorAndStopNothing(t *testing.T) {
	for name, seq := range map[string]uint64{"in the place of the next event": 1, "a little ahead": 3, "far ahead": 1000} {
		t.Run(name, func(t *testing.T) {
			story(t, func(w *world) {
				w.on(func(_ context.Context, _ *headrace.Tx, e headrace.Event[note]) error {
					w.say("%s%d", e.Key, e.Data.N)
					return nil
				})
				for i := range notes.Partitions {
					w.broker.Inject(driver.Partition{Topic: "notes", Number: i}, headrace.Position{Epoch: 1, Seq: seq}, []byte("garbage"))
				}
				defer w.start()()
				for n := range 5 {
					w.publish("a", n)
					time.Sleep(300 * time.Millisecond)
				}
				time.Sleep(5 * time.Second)
				w.heard("a0", "a1", "a2", "a3", "a4")
				w.bit(headrace.EpochRaised, 0)
				w.bit(headrace.ForeignFound, notes.Partitions)
				found, err := w.reader.Foreign(w.Context(), 10)
				if err != nil || len(found) != notes.Partitions || string(found[0].Data) != "garbage" || found[0].Reason == "" {
					w.Errorf("kept %v, %v", found, err)
				}
			})
		})
	}
}
