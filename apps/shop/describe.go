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
	for _, name := range c.services {
		var topics []string
		for _, t := range owned()[name] {
			topics = append(topics, t.Name)
		}
		store := c.file(name)
		if name == "gateway" {
			store = "none"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", name, store, strings.Join(topics, ", "))
	}
	_ = table.Flush()
	if len(c.services) < len(serviceNames()) {
		text.WriteString("\nWarning: embedded services meet in one process only. These hear nothing of services that run elsewhere.\n")
	}
	if addr != "" {
		fmt.Fprintf(&text, "\nThe shop is open:  http://%s\n", addr)
		fmt.Fprintf(&text, "Demo login:        %s / %s\n", identity.DemoEmail, identity.DemoPassword)
		fmt.Fprintf(&text, "Admin login:       %s / %s\n", identity.AdminEmail, identity.AdminPassword)
	}
	return text.String()
}
