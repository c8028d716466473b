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
// Ravishankar, 1998) with a bound: of a group, no member has two leases more than another; a member that comes or goes moves few others.
func assign(slots []slotID, members []string) map[slotID]string {
	wanted := make(map[slotID]string, len(slots))
	if len(members) == 0 {
		return wanted
	}
	size := map[string]int{}
	for _, s := range slots {
		size[s.group]++
	}
	type load struct{ group, member string }
	loads := map[load]int{}
	extra := map[string]int{} // how many members have one more than the even share rounded down
	for _, s := range slices.SortedFunc(slices.Values(slots), slotID.compare) {
		share, rest := size[s.group]/len(members), size[s.group]%len(members)
		best, bestScore := "", uint64(0)
		for _, m := range members {
			if n := loads[load{s.group, m}]; n > share || n == share && extra[s.group] == rest {
				continue
			}
			if score := rendezvous(s, m); best == "" || score > bestScore {
				best, bestScore = m, score
			}
		}
		if loads[load{s.group, best}] == share {
			extra[s.group]++
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
	take []driver.Slot // free, or ours for the store and unknown here; and wanted here
	give []slotID      // held here, and wanted elsewhere
	lost []slotID      // thought to be held here, and held by somebody else
	free []driver.Slot // ours for the store and unknown here, and wanted elsewhere
}

// plan compares what a member holds (with which fence) with what the store says and what is wanted. A lease can be ours for the store without
// our knowing: the answer to taking it was lost, or giving it back failed. Every heartbeat extends it, so it would stay so for ever.
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
		case !holding && wanted[id] == me && (s.Owner == "" || s.Owner == me):
			todo.take = append(todo.take, s)
		case !holding && s.Owner == me:
			todo.free = append(todo.free, s)
		}
	}
	return todo
}
