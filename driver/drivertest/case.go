package drivertest

import (
	"slices"
	"testing"

	"github.com/headrace/headrace/driver"
)

// Case is one rule that every backend keeps.
type Case struct {
	// Name is where the rule belongs and what it is, such as "advance/old-fence-moves-nothing".
	Name string
	// Explanation is why the rule is there: what breaks when it is not kept.
	Explanation string

	run func(t testing.TB, b Backend)
}

// Run runs the case on a fresh database and a fresh broker of the backend.
func (c Case) Run(t testing.TB, b Backend) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s: %s", c.Name, c.Explanation)
		}
	})
	c.run(t, b)
}

// Run runs every case of [Cases] as a parallel subtest.
func Run(t *testing.T, b Backend) {
	if b.Store == nil || b.Broker == nil {
		t.Fatal("drivertest: Backend needs both Store and Broker; take package memory's for the one that is not yours")
	}
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Run(t, b)
		})
	}
}

// Cases returns the rules for a store and a broker, by theme: those of the ports first, then the promises.
func Cases() []Case {
	return slices.Concat(storePorts(), brokerPorts(), promises())
}

func promises() []Case {
	return slices.Concat(
		onSystem("promise", publishPromises()),
		onSystem("promise", deliveryPromises()),
		onSystem("promise", lossPromises()),
		onSystem("promise", ownerPromises()),
		onSystem("promise", failurePromises()),
		onSystem("promise", boundPromises()),
		onSystem("rule", publishRules()),
		onSystem("rule", historyRules()),
		onSystem("rule", memberRules()),
		onSystem("rule", effectRules()),
	)
}

func storePorts() []Case {
	return slices.Concat(
		onStore("setup", setupCases()),
		onStore("tx", txCases()),
		onStore("outbox", outboxCases()),
		onStore("number", numberCases()),
		onStore("timer", timerCases()),
		onStore("journal", journalCases()),
		onStore("epoch", epochCases()),
		onStore("lease", leaseCases()),
		onStore("takeover", takeoverCases()),
		onStore("advance", advanceCases()),
		onStore("try", tryCases()),
		onStore("park", parkCases()),
		onStore("due", dueCases()),
		onStore("dead", deadCases()),
		onStore("foreign", foreignCases()),
		onStore("lifecycle", lifecycleCases()),
	)
}

func brokerPorts() []Case {
	return slices.Concat(
		onBroker("append", appendCases()),
		onBroker("read", readCases()),
		onBroker("group", groupCases()),
	)
}

// rule is a case of one part of a backend: W is what it works with.
type rule[W any] struct {
	name        string
	explanation string
	run         func(w W)
}

func onStore(theme string, rules []rule[*storeWorld]) []Case {
	return cases(theme, rules, newStoreWorld)
}

func onBroker(theme string, rules []rule[*brokerWorld]) []Case {
	return cases(theme, rules, newBrokerWorld)
}

func onSystem(theme string, rules []rule[*system]) []Case {
	return cases(theme, rules, newSystem)
}

func cases[W any](theme string, rules []rule[W], world func(testing.TB, Backend) W) []Case {
	list := make([]Case, len(rules))
	for i, r := range rules {
		list[i] = Case{
			Name:        theme + "/" + r.name,
			Explanation: r.explanation,
			run:         func(t testing.TB, b Backend) { r.run(world(t, b)) },
		}
	}
	return list
}

// RunLive runs every rule for a live backend as a parallel subtest. The function opens a fresh backend that nobody else listens to.
func RunLive(t *testing.T, open func(t testing.TB) driver.Live) {
	for _, r := range liveCases() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newLiveWorld(t, open(t))
			w.Cleanup(func() {
				if t.Failed() {
					t.Logf("%s: %s", r.name, r.explanation)
				}
			})
			r.run(w)
		})
	}
}
