package headrace

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
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
	h := newHistory(a.Services)
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
		if err := s.ensureCursors(ctx, h); err != nil {
			return fmt.Errorf("service %q: first cursors: %w", s.name, err)
		}
	}
	for _, s := range a.Services {
		if err := s.reportCursors(ctx, h); err != nil {
			return fmt.Errorf("service %q: compare cursors with journals: %w", s.name, err)
		}
	}
	return nil
}

func (a *App) serve(ctx context.Context, h *history) {
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
func (s *Service) ensureCursors(ctx context.Context, h *history) error {
	relay := map[driver.Partition]Position{driver.RelayLease: driver.Start}
	if err := s.store.EnsureCursors(ctx, driver.RelayGroup, relay); err != nil {
		return err
	}
	first, headOf := map[driver.Partition]Position{}, h.look(ctx)
	for _, t := range s.follows {
		for _, p := range t.all() {
			first[p] = driver.Start
			if s.startOf(t.Name) == Beginning {
				continue
			}
			head, err := headOf(p)
			if err != nil {
				return err
			}
			first[p] = head
		}
	}
	if len(first) == 0 {
		return nil
	}
	return s.store.EnsureCursors(ctx, s.name, first)
}

func (s *Service) startOf(topic string) Start {
	for _, h := range s.handlers[topic] {
		return h.policy.start // all agree
	}
	return Beginning
}

// reportCursors tells the owners in this process how far the group has come, before any of them numbers another event: a cursor ahead of a
// journal proves that the journal was restored to an older state.
func (s *Service) reportCursors(ctx context.Context, h *history) error {
	var ids []driver.Partition
	for _, t := range s.follows {
		if _, err := h.owner(t.Name); err == nil {
			ids = append(ids, t.all()...)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	leases, err := s.store.Cursors(ctx, s.name, ids)
	if err != nil {
		return err
	}
	headOf := h.look(ctx)
	for _, l := range leases {
		head, err := headOf(l.Partition)
		if err != nil {
			return err
		}
		if !l.Cursor.After(head) {
			continue
		}
		owner, _ := h.owner(l.Partition.Topic) // it was found above
		if err := owner.raiseEpoch(ctx, l.Partition, l.Cursor); err != nil {
			return err
		}
	}
	return nil
}
