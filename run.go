package headrace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/headrace/headrace/driver"
)

// Run runs the services until ctx ends, then stops them in an orderly way: it stops reading, finishes what runs, commits, and gives its
// leases back. It returns nil after such a stop, and an error if it could not start. All its goroutines have ended when it returns. A
// process that dies instead loses nothing either. An App runs once.
func (a *App) Run(ctx context.Context) error {
	a.Ready()
	if err := a.Check(); err != nil {
		return err
	}
	log := cmp.Or(a.Logger, slog.Default())
	for _, s := range a.Services {
		s.env.Store(&environment{log: log.With("service", s.name), hooks: a.Hooks})
	}
	h := newHistory(a)
	defer h.close()
	if err := a.prepare(ctx, h); err != nil {
		return err
	}
	a.serve(ctx, h)
	return nil
}

// prepare makes all that has to be there before the first event: heads, cursors of new groups, and the proof that no journal went back in
// time while nobody looked.
func (a *App) prepare(ctx context.Context, h *history) error {
	for _, s := range a.Services {
		if err := s.store.Setup(ctx, s.setup()); err != nil {
			return fmt.Errorf("service %q: set up its store: %w", s.name, err)
		}
	}
	for _, s := range a.Services {
		if err := s.ensureCursors(ctx, h, a.Broker); err != nil {
			return fmt.Errorf("service %q: first cursors: %w", s.name, err)
		}
	}
	for _, s := range a.Services {
		if err := s.reportCursors(ctx, h); err != nil {
			return fmt.Errorf("service %q: compare cursors with journals: %w", s.name, err)
		}
		if err := s.reportTops(ctx, a.Broker); err != nil { // the relay insists on it
			s.log().WarnContext(ctx, "streams could not be compared with journals yet", "error", err)
		}
	}
	return nil
}

func (a *App) serve(ctx context.Context, h *history) {
	defer a.answerHistory()()
	var members sync.WaitGroup
	solo := newSolitude()
	for _, s := range a.Services {
		m := newMember(s, a, h, solo)
		members.Go(func() {
			live, stop := drainContext(ctx, s.config.Drain)
			defer stop()
			m.run(ctx, live)
		})
		s.attach(m)
	}
	close(a.ready)
	members.Wait()
}

// drainContext returns a context that outlasts ctx by the time that running handlers are given.
func drainContext(ctx context.Context, drain time.Duration) (live context.Context, stop func()) {
	live, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = wait(live, drain) // it ends early when everything has stopped
		cancel()
	})
	return live, func() {
		cancel()
		if !unhook() {
			<-ended
		}
	}
}

// farewell is how long a stop goes on telling the store what it gives back, even after the deadline for handlers.
const farewell = 5 * time.Second

func farewellContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), farewell)
}

func (s *Service) setup() driver.Setup {
	setup := driver.Setup{Service: s.name}
	for _, t := range s.owns {
		setup.Owns = append(setup.Owns, t.size())
	}
	for _, t := range s.follows {
		setup.Follows = append(setup.Follows, t.size())
	}
	return setup
}

// ensureCursors writes the first cursors of topics that the group has never seen, and the lease of the relay.
func (s *Service) ensureCursors(ctx context.Context, h *history, b driver.Broker) error {
	relay := map[driver.Partition]Position{driver.RelayLease: driver.Start}
	if err := s.store.EnsureCursors(ctx, driver.RelayGroup, relay); err != nil {
		return err
	}
	first := map[driver.Partition]Position{}
	for _, t := range s.follows {
		if s.startOf(t.Name) == Now {
			if err := s.beginNow(ctx, t, first, h, b); err != nil {
				return err
			}
			continue
		}
		for _, p := range t.all() {
			first[p] = driver.Start
		}
	}
	if len(first) == 0 {
		return nil
	}
	return s.store.EnsureCursors(ctx, s.name, first)
}

// beginNow sets first cursors at the ends of a topic's partitions: as its journal says, or as the stream says while the owner is not in
// reach. Partitions that have a cursor need no other.
func (s *Service) beginNow(ctx context.Context, t Topic, first map[driver.Partition]Position, h *history, b driver.Broker) error {
	known, err := s.store.Cursors(ctx, s.name, t.all())
	if err != nil {
		return err
	}
	h.refresh(ctx, map[string]bool{t.Name: true})
	headOf := h.look(ctx, 0)
	for _, p := range t.all() {
		if slices.ContainsFunc(known, func(l driver.Lease) bool { return l.Partition == p }) {
			continue
		}
		end, err := headOf(p)
		if errors.Is(err, errNoHistory) {
			end.Position, err = endOfStream(ctx, b, p)
		}
		if err != nil {
			return err
		}
		first[p] = end.Position
	}
	return nil
}

func endOfStream(ctx context.Context, b driver.Broker, p driver.Partition) (Position, error) {
	top, err := b.Top(ctx, p)
	if err != nil {
		return Position{}, fmt.Errorf("top of %s: %w", p, err)
	}
	if _, err := DecodeMetadata(p, top); err != nil && len(top.Data) > 0 {
		return Position{}, fmt.Errorf("top of %s is no event of it: %w", p, err)
	}
	return cmp.Or(top.Position, driver.Start), nil
}

func (s *Service) startOf(topic string) Start {
	for _, h := range s.handlers[topic] {
		return h.policy.start // all agree
	}
	return Beginning
}
