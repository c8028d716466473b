package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The services that a process can run. The gateway is the last: it asks the others.
func serviceNames() []string {
	return []string{"identity", "orders", "payments", "inventory", "shipping", "notifications", "archive", "gateway"}
}

// config is what the command line says.
type config struct {
	addr, data   string
	services     []string
	cancelWithin time.Duration
	fetch, carry time.Duration

	log *slog.Logger
	// started, if there is one, is told the address as soon as the shop answers on it.
	started func(addr string)
}

// engine is a server that a build may have a driver for.
type engine struct{ flag, env, name, role string }

func engines() []engine {
	return []engine{
		{"redis", "HEADRACE_REDIS_URL", "Redis", "streams between processes"},
		{"nats", "HEADRACE_NATS_URL", "NATS", "live updates between processes"},
		{"postgres", "HEADRACE_POSTGRES_URL", "PostgreSQL", "the services' databases"},
		{"mongo", "HEADRACE_MONGO_URL", "MongoDB", "the archive"},
	}
}

// newFlags has the flags that all of shop's commands share.
func newFlags(name string, errs io.Writer, data *string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(data, "data", "./shop-data", "directory of the embedded databases")
	for _, e := range engines() {
		flags.String(e.flag, "", fmt.Sprintf("URL of %s, for %s [%s]", e.name, e.role, e.env))
	}
	return flags
}

func parseConfig(args []string, env func(string) string, errs io.Writer) (config, error) {
	c := config{log: slog.New(slog.NewTextHandler(errs, nil))}
	flags := newFlags("shop", errs, &c.data)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8080", "address to serve HTTP on")
	services := flags.String("service", "", "services to run, comma-separated (default all): "+strings.Join(serviceNames(), ", "))
	flags.DurationVar(&c.cancelWithin, "cancel-within", 0, "how long a confirmed order can still be cancelled")
	flags.DurationVar(&c.fetch, "fetch", 0, "how long a carrier takes to fetch a parcel")
	flags.DurationVar(&c.carry, "carry", 0, "how long a parcel is on its way")
	if err := parse(flags, args, env); err != nil {
		return c, err
	}
	var err error
	c.services, err = chooseServices(*services)
	return c, err
}

// parse reads the flags, and refuses engines that this build has no driver for: a shop that quietly ran without would be a surprise.
func parse(flags *flag.FlagSet, args []string, env func(string) string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown command %q: there are verify and load, and without a command the shop runs", flags.Arg(0))
	}
	var problems []error
	for _, e := range engines() {
		if cmp.Or(flags.Lookup(e.flag).Value.String(), env(e.env)) != "" {
			problems = append(problems, fmt.Errorf("-%s [%s]: this build has no driver for %s", e.flag, e.env, e.name))
		}
	}
	return errors.Join(problems...)
}

func chooseServices(list string) ([]string, error) {
	known := serviceNames()
	if list == "" {
		return known, nil
	}
	var chosen []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("-service: there is no service %q: known are %s", name, strings.Join(known, ", "))
		}
		if !slices.Contains(chosen, name) {
			chosen = append(chosen, name)
		}
	}
	if slices.Contains(chosen, "gateway") && len(chosen) < len(known) {
		return nil, errors.New("-service: the embedded gateway asks the other services in its own process: run all of them with it")
	}
	return chosen, nil
}

func (c config) runs(service string) bool { return slices.Contains(c.services, service) }

// file is where a service's embedded database is.
func (c config) file(service string) string { return filepath.Join(c.data, service+".db") }
