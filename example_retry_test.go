package headrace_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

type label struct{ Parcel string }

var (
	labels      = headrace.Topic{Name: "labels"}
	labelWanted = headrace.Define(labels, "label.wanted", 1, func(l label) string { return l.Parcel })
)

// What fails again and again becomes dead: kept with its error, and run again when somebody says so.
func ExampleRetry() {
	ctx, stop := context.WithCancel(context.Background())
	var paper atomic.Bool
	printed, died, stopped := make(chan string), make(chan struct{}), make(chan error)
	printer := headrace.NewService(headrace.ServiceConfig{
		Name: "printer", Store: memory.NewStore(memory.StoreConfig{}), Owns: []headrace.Topic{labels},
		Handlers: []headrace.Handler{
			headrace.On(labelWanted, func(_ context.Context, _ *headrace.Tx, e headrace.Event[label]) error {
				if !paper.Load() {
					return errors.New("out of paper")
				}
				printed <- e.Data.Parcel
				return nil
			}, headrace.Retry{Attempts: 3, Max: 5 * time.Millisecond}),
		},
	})
	app := headrace.App{
		Broker:   memory.NewBroker(memory.BrokerConfig{}),
		Services: []*headrace.Service{printer},
		Logger:   slog.New(slog.DiscardHandler),
		Hooks: headrace.Hooks{Signal: func(s headrace.Signal) {
			if s.Kind == headrace.Died {
				close(died)
			}
		}},
	}
	go func() { stopped <- app.Run(ctx) }()

	err := printer.In(ctx, func(_ context.Context, tx *headrace.Tx) error {
		return labelWanted.Publish(tx, label{Parcel: "7"})
	})
	fmt.Println("published:", err)

	<-died
	parked, err := printer.Parked(ctx, headrace.ParkedFilter{})
	fmt.Println(parked[0].State, "after", parked[0].Attempts, "attempts:", parked[0].Error, err)

	paper.Store(true)
	n, err := printer.Redrive(ctx, headrace.ParkedFilter{Key: "7"})
	fmt.Println("redriven:", n, err)
	fmt.Println("printed:", <-printed)

	stop()
	fmt.Println("stopped:", <-stopped)
	// Output:
	// published: <nil>
	// dead after 3 attempts: out of paper <nil>
	// redriven: 1 <nil>
	// printed: 7
	// stopped: <nil>
}
