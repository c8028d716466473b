package headrace_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/memory"
)

func TestMistakesInAnAppAreNamed(t *testing.T) {
	t.Parallel()
	named := func(name string, change func(*headrace.ServiceConfig)) *headrace.Service {
		return serviceOf(func(c *headrace.ServiceConfig) {
			c.Name, c.Owns = name, nil
			change(c)
		})
	}
	asIs := func(*headrace.ServiceConfig) {}
	owner := func(c *headrace.ServiceConfig) { c.Owns = []headrace.Topic{songs} }
	store := memory.NewStore(memory.StoreConfig{})
	shared := func(c *headrace.ServiceConfig) { c.Store = store }
	follower := func(topic headrace.Topic) func(*headrace.ServiceConfig) {
		return func(c *headrace.ServiceConfig) {
			c.Handlers = []headrace.Handler{headrace.On(headrace.Define(topic, "song.played", 1, songKey), nothing[song])}
		}
	}
	broker := memory.NewBroker(memory.BrokerConfig{})
	for name, c := range map[string]struct {
		broker   bool
		services []*headrace.Service
		want     string // empty: it is fine
	}{
		"nothing wrong":       {true, []*headrace.Service{named("a", owner), named("b", follower(songs))}, ""},
		"no broker":           {false, []*headrace.Service{named("a", asIs)}, "Broker is nil"},
		"no services":         {true, nil, "no Services"},
		"a nil service":       {true, []*headrace.Service{named("a", asIs), nil}, "service 1 is nil"},
		"a bad service":       {true, []*headrace.Service{named("B", asIs)}, `service "B": name`},
		"two of a name":       {true, []*headrace.Service{named("a", asIs), named("a", asIs)}, `two services "a"`},
		"two of a store":      {true, []*headrace.Service{named("a", shared), named("b", shared)}, `services "a" and "b" share a store`},
		"two owners":          {true, []*headrace.Service{named("a", owner), named("b", owner)}, `topic "songs" is owned by both "a" and "b"`},
		"fewer partitions":    {true, []*headrace.Service{named("a", owner), named("b", follower(headrace.Topic{Name: "songs", Partitions: 1}))}, `topic "songs": number of partitions cannot change: 1 for "b" that follows it, 2 for "a" that owns it`},
		"the default number":  {true, []*headrace.Service{named("b", follower(headrace.Topic{Name: "songs"})), named("a", owner)}, `16 for "b" that follows it, 2 for "a"`},
		"owned by nobody":     {true, []*headrace.Service{named("b", follower(songs))}, ""},
		"another one's owner": {true, []*headrace.Service{named("a", owner), named("b", follower(headrace.Topic{Name: "songs2"}))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &headrace.App{Services: c.services}
			if c.broker {
				app.Broker = broker
			}
			err := app.Check()
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Check says %v, want %q in it", err, c.want)
			}
			if got := app.Run(t.Context()); got == nil || got.Error() != err.Error() {
				t.Errorf("Run says %v, want %v", got, err)
			}
		})
	}
}

func TestAppIn(t *testing.T) {
	t.Parallel()
	a := serviceOf(func(c *headrace.ServiceConfig) { c.Name = "a" })
	b := serviceOf(func(c *headrace.ServiceConfig) { c.Name, c.Owns = "b", nil })
	app := &headrace.App{Services: []*headrace.Service{a, b}}
	publish := func(_ context.Context, tx *headrace.Tx) error { return played.Publish(tx, song{Title: "x"}) }
	if err := app.In(t.Context(), "a", publish); err != nil {
		t.Errorf("in the owner: %v", err)
	}
	if err := app.In(t.Context(), "b", publish); !errors.Is(err, headrace.ErrNotOwned) {
		t.Errorf("in another service: %v", err)
	}
	if err := app.In(t.Context(), "c", publish); err == nil || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("in a service that is not there: %v", err)
	}
}
