package headrace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/headrace/headrace/driver"
)

// App runs services together: it wires them to a broker, and starts and stops them. Broker and Services are required.
type App struct {
	// Broker carries events between services. Several processes with the same broker are one system.
	Broker driver.Broker
	// Live, if there is one, hears of every event once it is numbered, under [LiveSubject]; [DecodeLive] reads it.
	Live driver.Live
	// Services are what this process runs.
	Services []*Service
	// Logger is for what a person should know. Default: slog.Default.
	Logger *slog.Logger
	// Hooks are for telemetry.
	Hooks Hooks

	init  sync.Once
	ready chan struct{}
}

// Ready returns a channel that is closed when Run has set up all stores and cursors: every event published from then on is handled.
func (a *App) Ready() <-chan struct{} {
	a.init.Do(func() { a.ready = make(chan struct{}) })
	return a.ready
}

// In runs a function in a transaction of one of the app's services; see [Service.In].
func (a *App) In(ctx context.Context, service string, fn func(ctx context.Context, tx *Tx) error) error {
	for _, s := range a.Services {
		if s.name == service {
			return s.In(ctx, fn)
		}
	}
	return fmt.Errorf("app has no service %q", service)
}

// Check returns what is wrong with the app and its services.
func (a *App) Check() error {
	var problems []error
	if a.Broker == nil {
		problems = append(problems, errors.New("app: Broker is nil"))
	}
	if len(a.Services) == 0 {
		problems = append(problems, errors.New("app: there are no Services"))
	}
	owner, stores := map[string]string{}, map[driver.Store]string{}
	for _, s := range a.Services {
		problems = append(problems, s.err)
		if other, taken := stores[s.store]; taken && s.store != nil {
			problems = append(problems, fmt.Errorf("app: services %q and %q share a store", other, s.name))
		}
		stores[s.store] = s.name
		for topic := range s.owns {
			if other, taken := owner[topic]; taken {
				problems = append(problems, fmt.Errorf("app: topic %q is owned by both %q and %q", topic, other, s.name))
			}
			owner[topic] = s.name
		}
	}
	return errors.Join(problems...)
}
