// Package gateway is the shop's face: the HTTP API, the storefront's pages, and the live timeline of an order. It keeps nothing of its own;
// everything it knows it asks of the services, and it hears of events by live.
//
//	g := gateway.New(gateway.Config{Identity: i, Orders: o, Inventory: v, Archive: a, Notifications: n, Live: live})
//	err := g.Serve(ctx, listener)
//
// A Gateway is an http.Handler too. The files: routes.go is the table of everything it answers; what programs use is in orders.go,
// products.go, cart.go, account.go and admin.go; what people see in pages_*.go with templates and static; the live timeline in sse.go
// and hub.go; and what stands before all of it (sessions, limits, problems, headers) in auth.go, limit.go, problem.go and secure.go.
package gateway
