// Command shop is Headrace's reference system: a small complete shop of six services, a gateway and an archive, which share nothing but
// each other's contract package.
//
//	shop                     all of it in one process, with nothing installed
//	shop verify              prove by SQL that money and stock are conserved
//	shop load                place orders by HTTP at a fixed rate
//
// # One process or many
//
// With nothing installed all services run in one process: a SQLite file for each in the directory -data, events in memory. Only one process can
// open a file.
//
//	shop -redis URL -postgres URL                        a whole shop; run as many as you like, each with an -addr of its own
//	shop -redis URL -postgres URL -service payments      a part of one; any part may run in several processes
//	shop -redis URL -postgres URL -service gateway       the front door alone: it asks five services in their databases and runs none
//
// With PostgreSQL each service has a schema of its own name. A process has 12 connections at most, unless the URL has pool_max_conns. The payment
// provider, who stands for another company, stays a SQLite file in -data: all processes with payments need the same one.
//
// "shop verify" takes the same flags.
//
// # Packages, and who may import what
//
//	money, invalid           values that every package of the shop may use
//	bulk                     inserts of many rows; for services
//	storetest                runs a service's tests on every engine
//	SERVICE/contract         a service's events, requests, answers and errors; may import money, invalid and other contracts
//	SERVICE                  identity, orders, payments, inventory, shipping, notifications, archive: the service; imports its own and other
//	                         services' contract packages, never another service
//	payments/provider        the fake payment provider, with a file of its own; imported by payments and by whoever wires it
//	gateway                  HTTP API, pages, live updates; imports contract packages only, and declares the interfaces it needs
//	verify                   the shop's invariants in SQL of their own; imports neither Headrace nor a service
//	load                     the load generator; knows the shop by HTTP only
//	faulttest                kills the real shop and checks what is left
//	main                     wires everything by hand
//
// Import contracts under the name of the service that owns them:
//
//	import orders "github.com/headrace/headrace/apps/shop/orders/contract"
//
// Every service has the same files: contract/, service.go, store.go, schema.sql, and saga.go where there is a saga.
package main
