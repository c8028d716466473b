package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/headrace/headrace/apps/shop/identity"
)

// describe says what runs where, for a person who has just started the shop. addr is empty when nothing is served here.
func (c config) describe(addr string) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "SERVICE\tSTORE\tPUBLISHES TO") // to memory: it cannot fail
	for _, name := range serviceNames() {
		switch {
		case c.runs(name):
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", name, c.store(name), topicNames(name))
		case c.asks(name):
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", name+" (asked)", c.store(name), topicNames(name))
		}
	}
	_ = table.Flush()
	text.WriteString("\n" + c.describeEngines())
	if addr != "" {
		fmt.Fprintf(&text, "\nThe shop is open:  http://%s\n", addr)
		fmt.Fprintf(&text, "Demo login:        %s / %s\n", identity.DemoEmail, identity.DemoPassword)
		fmt.Fprintf(&text, "Admin login:       %s / %s\n", identity.AdminEmail, identity.AdminPassword)
	}
	return text.String()
}

// store says where a service's data is.
func (c config) store(service string) string {
	switch {
	case service == "gateway":
		return "none"
	case c.postgres != "":
		return "schema " + service
	default:
		return c.file(service)
	}
}

func topicNames(service string) string {
	var names []string
	for _, t := range owned()[service] {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// describeEngines says which servers the shop runs on, without their passwords, and what it cannot do without them.
func (c config) describeEngines() string {
	var text strings.Builder
	if c.postgres != "" {
		where, _ := locatePostgres(c.postgres) // it was checked
		fmt.Fprintf(&text, "Schemas:           %s\n", where)
	}
	if c.runs("payments") {
		fmt.Fprintf(&text, "Payment provider:  %s\n", c.file("provider"))
	}
	if c.redis != "" {
		where, _ := locateRedis(c.redis) // it was checked
		fmt.Fprintf(&text, "Events:            %s\n", where)
		return text.String()
	}
	text.WriteString("Events:            in this process\n")
	switch {
	case len(c.services) < len(serviceNames()):
		text.WriteString("\nWarning: without -redis services meet in one process only. These hear nothing of services that run elsewhere.\n")
	case c.postgres != "":
		text.WriteString("\nWithout -redis, this process hears of events that others publish only when it looks into the journals: seconds late.\n")
	}
	return text.String()
}
