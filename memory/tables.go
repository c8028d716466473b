package memory

import (
	"cmp"
	"strings"
	"time"

	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/internal/immutable"
)

// tables is everything that transactions of a store read and write. Its maps never change, so a copy of the struct is a snapshot: a
// transaction works on a copy, committing puts the copy in the place of the original, and rolling back forgets it.
type tables struct {
	sizes    immutable.Map[name, int] // the number of partitions of every known topic
	journals immutable.Map[driver.Partition, journal]
	outbox   immutable.Map[serial, outboxRow]
	timers   immutable.Map[timerKey, driver.Timer]
	tokens   immutable.Map[name, timerKey] // where a token's timer is
	leases   immutable.Map[leaseKey, leaseRow]
	parked   parkedTable
	foreign  immutable.Map[foreignKey, driver.Foreign]
	user     immutable.Map[name, []byte]
	last     serial
}

// next is a number that was never used before.
func (t *tables) next() serial {
	t.last++
	return t.last
}

type name string

// Compare implements [immutable.Key].
func (n name) Compare(other name) int { return strings.Compare(string(n), string(other)) }

// serial numbers rows in the order in which they were written.
type serial uint64

// Compare implements [immutable.Key].
func (s serial) Compare(other serial) int { return cmp.Compare(s, other) }

type outboxRow struct {
	message driver.Message
	since   time.Time
}

type timerKey struct {
	due    time.Time
	serial serial
}

// Compare implements [immutable.Key].
func (k timerKey) Compare(other timerKey) int {
	return cmp.Or(k.due.Compare(other.due), k.serial.Compare(other.serial))
}

type foreignKey struct {
	group  name
	serial serial
}

// Compare implements [immutable.Key].
func (k foreignKey) Compare(other foreignKey) int {
	return cmp.Or(k.group.Compare(other.group), k.serial.Compare(other.serial))
}
