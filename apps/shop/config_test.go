package main

import (
	"bytes"
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
		"engine without a driver":        {args: []string{"-redis", "redis://x"}, says: "no driver for Redis"},
		"engine from the environment":    {env: map[string]string{"HEADRACE_POSTGRES_URL": "postgres://x"}, says: "no driver for PostgreSQL"},
		"two engines":                    {args: []string{"-nats", "x", "-mongo", "y"}, says: "no driver for MongoDB"},
		"unknown service":                {args: []string{"-service", "orders,bakery"}, says: `no service "bakery": known are identity, orders,`},
		"gateway alone":                  {args: []string{"-service", "gateway"}, says: "run all of them with it"},
		"unknown flag":                   {args: []string{"-colour", "red"}, says: "-colour"},
		"unknown command":                {args: []string{"sell"}, says: `unknown command "sell"`},
		"verify without data":            {args: []string{"verify", "-data", missing}, says: "there is no shop's data"},
		"verify on an engine":            {args: []string{"verify", "-postgres", "x"}, says: "no driver for PostgreSQL"},
		"load without orders":            {args: []string{"load", "-rps", "0"}, says: "above 0"},
		"load with something else in it": {args: []string{"load", "everything"}, says: "no other arguments"},
	} {
		if code, _, errs := ask(t, c.env, c.args...); code != exitUsage || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d, %q; want exit %d and %q", name, code, errs, exitUsage, c.says)
		}
	}
	if code, _, errs := ask(t, nil, "-h"); code != exitOK || !strings.Contains(errs, "-service") {
		t.Errorf("help: exit %d, %q", code, errs)
	}
}

func TestChooseServices(t *testing.T) {
	t.Parallel()
	got, err := chooseServices(" orders, payments,orders")
	if err != nil || !slices.Equal(got, []string{"orders", "payments"}) {
		t.Errorf("%v, %v", got, err)
	}
	if all, err := chooseServices(""); err != nil || !slices.Equal(all, serviceNames()) {
		t.Errorf("%v, %v", all, err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	whole := config{data: "data", services: serviceNames()}.describe("127.0.0.1:1")
	for _, want := range []string{"http://127.0.0.1:1", "demo@shop.test / demo-password", "orders.fulfilment", filepath.Join("data", "payments.db")} {
		if !strings.Contains(whole, want) {
			t.Errorf("%q is not in\n%s", want, whole)
		}
	}
	part := config{data: "data", services: []string{"orders"}}.describe("")
	if !strings.Contains(part, "Warning") || strings.Contains(whole, "Warning") || strings.Contains(part, "payments") {
		t.Errorf("a part of the shop:\n%s", part)
	}
}
