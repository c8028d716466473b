package headrace

import (
	"cmp"
	"hash/fnv"
	"slices"

	"github.com/headrace/headrace/driver"
)

// slotID names one lease of a store.
type slotID struct {
	group     string
	partition driver.Partition
}

func (a slotID) compare(b slotID) int {
	return cmp.Or(cmp.Compare(a.group, b.group), a.partition.Compare(b.partition))
}

// assign says which member should hold which lease: the same for everybody who sees the same members. It is rendezvous hashing (Thaler and
// Ravishankar, 1998) with a bound, so that no member of a group has more than its even share rounded up; a member that comes or goes
// moves few others.
func assign(slots []slotID, members []string) map[slotID]string {
	wanted := make(map[slotID]string, len(slots))
	if len(members) == 0 {
		return wanted
	}
	ordered := slices.SortedFunc(slices.Values(slots), slotID.compare)
	size := map[string]int{}
	for _, s := range ordered {
		size[s.group]++
	}
	type load struct{ group, member string }
	loads := map[load]int{}
	for _, s := range ordered {
		share := (size[s.group] + len(members) - 1) / len(members)
		best, bestScore := "", uint64(0)
		for _, m := range members {
			if loads[load{s.group, m}] >= share {
				continue
			}
			if score := rendezvous(s, m); best == "" || score > bestScore {
				best, bestScore = m, score
			}
		}
		loads[load{s.group, best}]++
		wanted[s] = best
	}
	return wanted
}

// rendezvous is the score of a member for a slot.
func rendezvous(s slotID, member string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.group + "\x00" + s.partition.String() + "\x00" + member))
	// FNV mixes its last bytes badly; the finisher of MurmurHash3 spreads them over all bits.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// steps is what a member has to do to come closer to what is wanted.
type steps struct {
	take []driver.Slot // free, and wanted here
	give []slotID      // held here, and wanted elsewhere
	lost []slotID      // thought to be held here, and held by somebody else
}

// plan compares what a member holds (with which fence) with what the store says and what is wanted.
func plan(me string, held map[slotID]uint64, view driver.Membership) steps {
	slots := make([]slotID, len(view.Slots))
	for i, s := range view.Slots {
		slots[i] = slotID{s.Group, s.Partition}
	}
	wanted := assign(slots, view.Members)
	var todo steps
	for i, s := range view.Slots {
		id := slots[i]
		fence, holding := held[id]
		switch {
		case holding && s.Fence != fence:
			todo.lost = append(todo.lost, id)
		case holding && wanted[id] != me:
			todo.give = append(todo.give, id)
		case !holding && wanted[id] == me && s.Owner == "":
			todo.take = append(todo.take, s)
		}
	}
	return todo
}
