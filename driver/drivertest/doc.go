// Package drivertest holds the promises of Headrace as one suite. Every backend runs all of it; no backend can leave a case out.
//
// The suite has two layers. The ports: one case for each sentence that package driver says about a store, a broker or a live backend.
// The promises: services that run on the backend while faults are done to it, one case for each promise of docs/guarantees.md that can be
// shown inside one process. A store is tested together with a broker, so combinations are tested by running the suite for each of them.
//
//	func TestConformance(t *testing.T) {
//		drivertest.Run(t, drivertest.Backend{Store: openStore, Broker: openBroker})
//	}
//
//	func TestLiveConformance(t *testing.T) { drivertest.RunLive(t, openLive) }
//
// A case that fails prints why the rule is there. What a backend is able to do beyond the ports is declared as [Capabilities]; the suite
// checks the declaration and lets it decide what to expect, never what to run.
package drivertest
