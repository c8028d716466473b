package headrace

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/headrace/headrace/driver"
)

func slotsOf(group string, partitions int) []slotID {
	list := make([]slotID, partitions)
	for i := range list {
		list[i] = slotID{group, driver.Partition{Topic: "orders", Number: i}}
	}
	return list
}

func membersOf(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("member-%d", i)
	}
	return list
}

// loads counts the leases of a group's members.
func loads(wanted map[slotID]string, group string) map[string]int {
	n := map[string]int{}
	for s, m := range wanted {
		if s.group == group {
			n[m]++
		}
	}
	return n
}

func TestAssignIsEven(t *testing.T) {
	t.Parallel()
	for _, partitions := range []int{1, 2, 16, 17, 64} {
		for count := 1; count <= 20; count++ {
			members := membersOf(count)
			slots := append(slotsOf("payments", partitions), slotsOf("mails", 5)...)
			wanted := assign(slots, members)
			if len(wanted) != len(slots) {
				t.Fatalf("%d partitions, %d members: %d of %d leases are wanted", partitions, count, len(wanted), len(slots))
			}
			for group, size := range map[string]int{"payments": partitions, "mails": 5} {
				n := loads(wanted, group)
				for _, m := range members {
					if least, most := size/count, (size+count-1)/count; n[m] < least || n[m] > most {
						t.Errorf("%d leases of %s, %d members: %s has %d, want %d to %d", size, group, count, m, n[m], least, most)
					}
				}
			}
		}
	}
}

func TestAssignIsTheSameForEverybody(t *testing.T) {
	t.Parallel()
	slots, members := append(slotsOf("payments", 16), slotsOf("mails", 16)...), membersOf(5)
	want := assign(slots, members)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		if got := assign(slots, members); !maps.Equal(got, want) {
			t.Fatalf("in another order: %v\nwant %v", got, want)
		}
	}
}

// TestAssignMovesFew says how many leases change hands when a member joins 64 leases, besides those that it has to get.
func TestAssignMovesFew(t *testing.T) {
	t.Parallel()
	slots := slotsOf("payments", 64)
	for count := 1; count < 10; count++ {
		before, after := assign(slots, membersOf(count)), assign(slots, membersOf(count+1))
		moved := 0
		for s, m := range before {
			if after[s] != m {
				moved++
			}
		}
		if least, most := 64/(count+1), 64/(count+1)+12; moved < least || moved > most {
			t.Errorf("from %d members to %d: %d of 64 leases move, want %d to %d", count, count+1, moved, least, most)
		}
	}
}

// TestAssignIsTheSameInEveryVersion holds the hash: members of different versions of a service run side by side while it is deployed, and
// would take leases from each other for ever if they disagreed.
func TestAssignIsTheSameInEveryVersion(t *testing.T) {
	t.Parallel()
	wanted := assign(slotsOf("payments", 8), []string{"a", "b", "c"})
	var got []string
	for _, s := range slices.SortedFunc(maps.Keys(wanted), slotID.compare) {
		got = append(got, wanted[s])
	}
	if want := "c c b c a b a b"; strings.Join(got, " ") != want {
		t.Errorf("leases 0 to 7 go to %s: want %s", strings.Join(got, " "), want)
	}
}

func TestAssignToNobody(t *testing.T) {
	t.Parallel()
	if wanted := assign(slotsOf("payments", 4), nil); len(wanted) != 0 {
		t.Errorf("without members: %v", wanted)
	}
}

// TestPlan asks what member a does: "members=a,b held=p/0@3 p/0@3:b p/1@5:-" means that a and b are there, a holds p/0 with fence 3, and the
// store says that p/0 is b's with fence 3 and p/1 is nobody's with fence 5.
func TestPlan(t *testing.T) {
	t.Parallel()
	decisions(t, "testdata/plan.txt", func(question string) string {
		held := map[slotID]uint64{}
		var view driver.Membership
		for word := range strings.FieldsSeq(question) {
			if list, ok := strings.CutPrefix(word, "members="); ok {
				view.Members = strings.Split(list, ",")
			} else if list, ok := strings.CutPrefix(word, "held="); ok {
				for lease := range strings.SplitSeq(list, ",") {
					s := parseSlot(t, lease+":a")
					held[slotID{s.Group, s.Partition}] = s.Fence
				}
			} else {
				view.Slots = append(view.Slots, parseSlot(t, word))
			}
		}
		return plan("a", held, view).String()
	})
}

func parseSlot(t *testing.T, text string) driver.Slot {
	t.Helper()
	s := driver.Slot{Group: "g", Partition: driver.Partition{Topic: "p"}}
	if _, err := fmt.Sscanf(text, "p/%d@%d:%s", &s.Partition.Number, &s.Fence, &s.Owner); err != nil {
		t.Fatalf("slot %q: %v", text, err)
	}
	s.Owner = strings.TrimSuffix(s.Owner, "-")
	return s
}

// String is the plan as the stories tell it.
func (s steps) String() string {
	var words []string
	for _, slot := range s.take {
		words = append(words, "take "+slot.Partition.String())
	}
	for _, id := range s.give {
		words = append(words, "give "+id.partition.String())
	}
	for _, id := range s.lost {
		words = append(words, "lost "+id.partition.String())
	}
	for _, slot := range s.free {
		words = append(words, fmt.Sprintf("free %s@%d", slot.Partition, slot.Fence))
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}
