package drivertest_test

import (
	"github.com/headrace/headrace/driver"
)

// sabotage is one rule that a backend breaks, and the cases that must find it.
type sabotage struct {
	name   string
	store  func(driver.Store) driver.Store
	broker func(driver.Broker) driver.Broker
	want   []string
}

func sabotages() []sabotage {
	return append(brokenStores(), brokenBrokers()...)
}

func brokenStores() []sabotage {
	return []sabotage{
		{"Advance ignores the fence", ledgered(func(l *ledger, m driver.Advance) driver.Advance {
			m.Fence = l.lease(m.Partition).Fence
			return m
		}), nil, []string{
			"advance/moves-many-and-counts", "advance/old-fence-moves-nothing", "advance/that-moves-nothing-leaves-the-transaction-usable",
			"advance/to-where-it-stands-only-checks", "lifecycle/restart-finds-leases-dirty", "takeover/ends-what-the-old-holder-does",
		}},
		{"Advance ignores From", ledgered(func(l *ledger, m driver.Advance) driver.Advance {
			m.From = l.lease(m.Partition).Cursor
			return m
		}), nil, []string{
			"advance/moves-many-and-counts", "advance/moves-only-from-where-the-cursor-stands",
			"advance/to-where-it-stands-only-checks", "try/is-cleared-with-the-effect",
		}},
		{"an expired lease is taken without raising the fence", func(s driver.Store) driver.Store { return flatFence{s} }, nil, []string{
			"advance/old-fence-moves-nothing", "lease/fence-rises-with-every-holder", "lease/has-one-winner", "lease/lost-is-dirty",
			"lease/release-passes-over-what-was-taken", "lifecycle/restart-finds-leases-dirty", "lifecycle/restart-keeps-what-was-committed",
			"number/does-nothing-under-an-old-fence", "number/leaves-no-hole-when-relays-race", "takeover/ends-what-the-old-holder-does",
			"takeover/waits-for-the-commit-in-flight", "takeover/work-and-cursor-agree-under-takeovers", "timer/fires-once",
			"try/counts-tries-without-an-answer", "try/needs-the-fence",
		}},
		{"Number ignores the fence", func(s driver.Store) driver.Store { return &anyRelay{Store: s} }, nil, []string{
			"number/does-nothing-under-an-old-fence", "number/is-fenced-with-an-empty-outbox-too", "timer/fires-once",
		}},
		{"a journal has a hole", func(s driver.Store) driver.Store { return holed{s} }, nil, []string{
			"journal/page-is-one-consistent-state", "journal/reads-in-pages-of-bytes", "number/is-dense-in-every-partition",
			"number/leaves-no-hole-when-relays-race", "outbox/keys-follow-the-row-that-writers-share", "outbox/keys-follow-their-commits",
			"outbox/takes-a-large-transaction",
		}},
		{"the outbox loses rows", brokenTx(func(tx driver.Tx) driver.Tx { return leakyOutbox{plainTx{tx}} }), nil, []string{
			"outbox/takes-a-large-transaction",
		}},
		{"Rollback commits", brokenTx(func(tx driver.Tx) driver.Tx { return &stubborn{plainTx: plainTx{tx}} }), nil, []string{
			"advance/is-undone-by-a-rollback", "foreign/follows-its-transaction", "outbox/rolled-back-events-never-exist",
			"park/follows-its-transaction", "park/repark-replaces-only-what-may-change", "takeover/sees-the-old-cursor-after-a-rollback",
			"timer/follows-its-transaction", "try/is-cleared-with-the-effect", "tx/commit-after-a-rollback-fails",
			"tx/rollback-after-the-end-does-nothing", "tx/rolls-back-everything-together", "tx/shows-nothing-before-it-commits",
		}},
		{"Queue has no order", brokenTx(func(tx driver.Tx) driver.Tx { return backwards{plainTx{tx}} }), nil, []string{
			"park/queue-is-in-order-of-position",
		}},
		{"Held lies", brokenTx(func(tx driver.Tx) driver.Tx { return forgetful{plainTx{tx}} }), nil, []string{
			"park/held-names-exactly-the-held-keys", "park/held-sees-its-own-transaction",
		}},
		{"Release leaves leases dirty", func(s driver.Store) driver.Store { return noRelease{s} }, nil, []string{
			"lease/fence-rises-with-every-holder", "lease/given-back-is-clean", "lease/groups-do-not-share", "lease/lost-is-dirty",
			"lease/membership-lists-every-lease",
		}},
	}
}

func brokenBrokers() []sabotage {
	return []sabotage{
		{"Append takes old entries twice", nil, func(b driver.Broker) driver.Broker { return &doubling{Broker: b} }, []string{
			"append/accepts-a-hole", "append/accepts-a-new-epoch", "append/passes-over-what-is-there", "append/top-is-the-newest-entry",
		}},
		{"a cancelled Read swallows an entry", nil, brokenReader(func(r driver.Reader) driver.Reader { return swallowing{r} }), []string{
			"read/a-cancelled-read-swallows-nothing",
		}},
		{"Read does not wake", nil, brokenReader(func(r driver.Reader) driver.Reader { return sleepy{r} }), []string{
			"read/ends-when-the-broker-is-closed", "read/wakes-when-something-is-appended",
		}},
		{"Ack removes what was not read", nil, brokenReader(func(r driver.Reader) driver.Reader { return skipping{r} }), []string{
			"group/ack-loses-nothing",
		}},
	}
}
