package main

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ask runs the program with a command line that it has to refuse or answer at once.
func ask(t *testing.T, env map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, func(name string) string { return env[name] }, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestRefusedCommandLines(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "nothing")
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		says string
	}{
		"engine without a driver":        {args: []string{"-nats", "nats://x"}, says: "no driver for NATS"},
		"engine from the environment":    {env: map[string]string{"HEADRACE_MONGO_URL": "mongodb://x"}, says: "no driver for MongoDB"},
		"two engines":                    {args: []string{"-nats", "x", "-mongo", "y"}, says: "no driver for MongoDB"},
		"no URL of Redis":                {args: []string{"-redis", "redis://:secret@x:y"}, says: "-redis [HEADRACE_REDIS_URL]: read URL: invalid port"},
		"another server's URL":           {args: []string{"-redis", "postgres://x"}, says: "-redis [HEADRACE_REDIS_URL]: redis: read URL: "},
		"no URL of PostgreSQL":           {args: []string{"-postgres", "postgres://u:secret@x:y/z"}, says: "not of the form postgres://"},
		"two that are wrong":             {args: []string{"-postgres", "postgres://:y", "-mongo", "y"}, says: "no driver for MongoDB"},
		"unknown service":                {args: []string{"-service", "orders,bakery"}, says: `no service "bakery": known are identity, orders,`},
		"gateway without the others":     {args: []string{"-service", "gateway,orders"}, says: "run all services with it, or give -postgres"},
		"gateway with streams alone":     {args: []string{"-service", "gateway", "-redis", "redis://x"}, says: "run all services with it, or give -postgres"},
		"unknown flag":                   {args: []string{"-colour", "red"}, says: "-colour"},
		"unknown command":                {args: []string{"sell"}, says: `unknown command "sell"`},
		"command after its flags":        {args: []string{"-data", "x", "verify"}, says: "verify comes before its flags"},
		"verify without data":            {args: []string{"verify", "-data", missing}, says: "there is no shop's data"},
		"verify on a wrong URL":          {args: []string{"verify", "-postgres", "x"}, says: "not of the form postgres://"},
		"load without orders":            {args: []string{"load", "-rps", "0"}, says: "above 0"},
		"load with something else in it": {args: []string{"load", "everything"}, says: "no other arguments"},
	} {
		if code, _, errs := ask(t, c.env, c.args...); code != exitUsage || !strings.Contains(errs, c.says) || strings.Contains(errs, "secret") {
			t.Errorf("%s: exit %d, %q; want exit %d and %q", name, code, errs, exitUsage, c.says)
		}
	}
	if code, _, errs := ask(t, nil, "-h"); code != exitOK || !strings.Contains(errs, "-service") {
		t.Errorf("help: exit %d, %q", code, errs)
	}
}

func TestChooseServices(t *testing.T) {
	t.Parallel()
	got, err := chooseServices(" orders, payments,orders", false)
	if err != nil || !slices.Equal(got, []string{"orders", "payments"}) {
		t.Errorf("%v, %v", got, err)
	}
	if all, err := chooseServices("", false); err != nil || !slices.Equal(all, serviceNames()) {
		t.Errorf("%v, %v", all, err)
	}
}

// TestGatewayOfItsOwn opens what it asks, and nothing else.
func TestGatewayOfItsOwn(t *testing.T) {
	t.Parallel()
	c, err := parseConfig([]string{"-service", "gateway,orders", "-postgres", "postgres://x"}, func(string) string { return "" }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var run, asked []string
	for _, name := range serviceNames() {
		if c.runs(name) {
			run = append(run, name)
		}
		if c.asks(name) {
			asked = append(asked, name)
		}
		if c.opens(name) != (c.runs(name) || c.asks(name)) {
			t.Errorf("%s is run: %v, asked: %v, opened: %v", name, c.runs(name), c.asks(name), c.opens(name))
		}
	}
	if !slices.Equal(run, []string{"orders", "gateway"}) || !slices.Equal(asked, []string{"identity", "inventory", "notifications", "archive"}) {
		t.Errorf("run %v, asked %v", run, asked)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	const (
		redisURL    = "redis://somebody:secret@cache:6380/2"
		postgresURL = "postgres://somebody:secret@base:5433/shop?application_name=secret"
	)
	for name, c := range map[string]struct {
		config      config
		addr        string
		says, hides []string
	}{
		"all in one process": {
			config: config{services: serviceNames()}, addr: "127.0.0.1:1",
			says: []string{
				"http://127.0.0.1:1", "demo@shop.test / demo-password", "orders.fulfilment", filepath.Join("data", "payments.db"),
				filepath.Join("data", "provider.db"), "in this process",
			},
			hides: []string{"Warning", "Without", "(asked)"},
		},
		"a part": {
			config: config{services: []string{"orders"}},
			says:   []string{"Warning"}, hides: []string{"payments", "provider", "open"},
		},
		"on servers": {
			config: config{services: serviceNames(), redis: redisURL, postgres: postgresURL},
			says: []string{
				"schema orders", "PostgreSQL at base:5433, database shop", "Redis at cache:6380, database 2", filepath.Join("data", "provider.db"),
			},
			hides: []string{"secret", "somebody", "Warning", "Without", "orders.db", "in this process"},
		},
		"a part on servers": {
			config: config{services: []string{"gateway"}, redis: redisURL, postgres: postgresURL},
			says:   []string{"identity (asked)", "gateway "}, hides: []string{"payments", "provider", "secret", "Warning"},
		},
		"without streams": {
			config: config{services: serviceNames(), postgres: postgresURL},
			says:   []string{"Without -redis"}, hides: []string{"Warning"},
		},
	} {
		c.config.data = "data"
		text := c.config.describe(c.addr)
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, text)
			}
		}
		for _, not := range c.hides {
			if strings.Contains(text, not) {
				t.Errorf("%s: %q is in\n%s", name, not, text)
			}
		}
	}
}
