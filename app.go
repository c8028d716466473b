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
	// Live, if there is one, hears of every event once it is numbered, under [LiveSubject]; [DecodeLive] reads it. Processes that run
	// different services need one: over it they read each other's journals, where the stream has a gap.
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

// Ready returns a channel that is closed when Run has set up all stores and cursors: every event published from then on is handled. It is
// never closed if Run fails before.
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
	names, stores := map[string]bool{}, map[driver.Store]string{}
	for i, s := range a.Services {
		if s == nil {
			return errors.Join(append(problems, fmt.Errorf("app: service %d is nil", i))...)
		}
		problems = append(problems, s.err)
		if names[s.name] {
			problems = append(problems, fmt.Errorf("app: there are two services %q", s.name))
		}
		names[s.name] = true
		if other, taken := stores[s.store]; taken && s.store != nil {
			problems = append(problems, fmt.Errorf("app: services %q and %q share a store", other, s.name))
		}
		stores[s.store] = s.name
	}
	return errors.Join(append(problems, a.checkTopics()...)...)
}

// checkTopics finds topics with two owners, and services that disagree with the owner about a topic's partitions: they would not follow some
// of them, and never know.
func (a *App) checkTopics() []error {
	var problems []error
	owners := map[string]*Service{}
	for _, s := range a.Services {
		for topic := range s.owns {
			if other := owners[topic]; other != nil {
				problems = append(problems, fmt.Errorf("app: topic %q is owned by both %q and %q", topic, other.name, s.name))
			}
			owners[topic] = s
		}
	}
	for _, s := range a.Services {
		for topic, followed := range s.follows {
			owner := owners[topic]
			if owner == nil || owner == s {
				continue
			}
			if n, owned := followed.partitions(), owner.owns[topic].partitions(); n != owned {
				problems = append(problems, fmt.Errorf("app: topic %q: %w: %d for %q that follows it, %d for %q that owns it",
					topic, ErrPartitions, n, s.name, owned, owner.name))
			}
		}
	}
	return problems
}
