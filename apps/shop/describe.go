package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/headrace/headrace/apps/shop/identity"
)

// describe says what runs where, for a person who has just started the shop.
func (c config) describe(out io.Writer, addr string) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tSTORE\tPUBLISHES TO")
	for _, name := range c.services {
		var names []string
		for _, t := range owned()[name] {
			names = append(names, t.Name)
		}
		store := c.file(name)
		if name == "gateway" {
			store = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, store, strings.Join(names, ", "))
	}
	_ = w.Flush()
	if len(c.services) < len(serviceNames()) {
		fmt.Fprintln(out, "\nWarning: embedded services meet in one process only. These hear nothing of services that run elsewhere.")
	}
	if addr == "" {
		return
	}
	fmt.Fprintf(out, "\nThe shop is open:  http://%s\n", addr)
	fmt.Fprintf(out, "Demo login:        %s / %s\n", identity.DemoEmail, identity.DemoPassword)
	fmt.Fprintf(out, "Admin login:       %s / %s\n", identity.AdminEmail, identity.AdminPassword)
}
