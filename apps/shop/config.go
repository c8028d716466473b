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
	redis        string // URL; empty: events stay in this process
	postgres     string // URL; empty: a file for each service
	cancelWithin time.Duration
	fetch, carry time.Duration

	log *slog.Logger
	// started, if there is one, is told the address as soon as the shop answers on it; without a gateway there is none, and it runs.
	started func(addr string)
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
	urls, err := parse(flags, args, env)
	if err != nil {
		return c, err
	}
	c.redis, c.postgres = urls["redis"], urls["postgres"]
	c.services, err = chooseServices(*services, c.postgres != "")
	return c, err
}

// parse reads the flags and returns the engines' URLs by flag. It refuses engines that this build has no driver for: a shop that quietly ran
// without would be a surprise.
func parse(flags *flag.FlagSet, args []string, env func(string) string) (map[string]string, error) {
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if arg := flags.Arg(0); arg == "verify" || arg == "load" {
		return nil, fmt.Errorf("%s comes before its flags: shop %s -data DIRECTORY", arg, arg)
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unknown command %q: there are verify and load, and without a command the shop runs", flags.Arg(0))
	}
	var problems []error
	urls := map[string]string{}
	for _, e := range engines() {
		if address := cmp.Or(flags.Lookup(e.flag).Value.String(), env(e.env)); address != "" {
			urls[e.flag] = address
			problems = append(problems, e.check(address))
		}
	}
	return urls, errors.Join(problems...)
}

// chooseServices reads a list of services. shared says that several processes can open a service's database at once.
func chooseServices(list string, shared bool) ([]string, error) {
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
	if slices.Contains(chosen, "gateway") && len(chosen) < len(known) && !shared {
		return nil, errors.New("-service: the gateway opens the databases of the services that it asks, and only one process can open a file: " +
			"run all services with it, or give -postgres")
	}
	return chosen, nil
}

func (c config) runs(service string) bool { return slices.Contains(c.services, service) }

// asks tells whether this process opens a service's database only to ask it: as the gateway, beside others that run the service.
func (c config) asks(service string) bool {
	asked := []string{"identity", "orders", "inventory", "archive", "notifications"}
	return c.runs("gateway") && !c.runs(service) && slices.Contains(asked, service)
}

func (c config) opens(service string) bool { return c.runs(service) || c.asks(service) }

// file is where a service's embedded database is.
func (c config) file(service string) string { return filepath.Join(c.data, service+".db") }
