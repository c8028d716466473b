// Package headrace is a framework for event-driven microservices. Services publish typed, versioned events in the same transaction as
// their state; every subscriber applies each event exactly once, in order per key; what fails is parked, retried and redriven without
// stopping anything else.
//
// Three sentences explain everything:
//
//   - The journal is the truth. Every service keeps its own events, in its own database, numbered without gaps.
//   - The stream is a fast tail. It may lose, repeat or forget anything, and nothing is lost: a gap is read back from the journal.
//   - The cursor moves with the effect. A subscriber stores how far it has come in the same transaction as what the event did.
//
// A user meets five words. A contract ([Define]) names an event type. A [Service] owns topics and handles events. A handler ([On]) is a
// typed function. A store is the service's database, a [driver.Store]. An [App] runs services on a broker:
//
//	var Topic = headrace.Topic{Name: "orders"}
//	var Placed = headrace.Define(Topic, "order.placed", 1, func(o Order) string { return o.ID })
//
//	service := headrace.NewService(headrace.ServiceConfig{
//		Name:     "orders",
//		Store:    store,
//		Owns:     []headrace.Topic{Topic},
//		Handlers: []headrace.Handler{headrace.On(Placed, sendMail)},
//	})
//	app := headrace.App{Broker: memory.NewBroker(memory.BrokerConfig{}), Services: []*headrace.Service{service}}
//	err := app.Run(ctx)
package headrace
