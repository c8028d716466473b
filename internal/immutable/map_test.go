package immutable_test

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/headrace/headrace/internal/immutable"
)

type key int

func (k key) Compare(other key) int { return cmp.Compare(k, other) }

// TestAgainstMap does the same random steps to a Map and to Go's own, and keeps old versions to see that they stay as they were.
func TestAgainstMap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	type version struct {
		m    immutable.Map[key, int]
		want map[key]int
	}
	var kept []version
	var m immutable.Map[key, int]
	want := map[key]int{}
	for step := range 20_000 {
		k := key(random.IntN(500))
		if random.IntN(2) == 0 {
			m, want[k] = m.Set(k, step), step
		} else {
			m = m.Delete(k)
			delete(want, k)
		}
		if step%1_000 == 0 {
			kept = append(kept, version{m, maps.Clone(want)})
		}
	}
	for i, v := range append(kept, version{m, want}) {
		if got := maps.Collect(v.m.All()); !maps.Equal(got, v.want) {
			t.Errorf("version %d: has %v, want %v", i, got, v.want)
		}
		if v.m.Len() != len(v.want) {
			t.Errorf("version %d: Len is %d, want %d", i, v.m.Len(), len(v.want))
		}
		for k := key(-1); k < 501; k++ {
			got, ok := v.m.Get(k)
			if n, is := v.want[k]; n != got || ok != is {
				t.Fatalf("version %d: Get(%d) is %d, %t, want %d, %t", i, k, got, ok, n, is)
			}
		}
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	var m immutable.Map[key, int]
	for _, k := range []key{50, 10, 30, 40, 20} {
		m = m.Set(k, 0)
	}
	for _, c := range []struct {
		from key
		want []key
	}{
		{0, []key{10, 20, 30, 40, 50}},
		{30, []key{30, 40, 50}},
		{31, []key{40, 50}},
		{51, nil},
	} {
		var got []key
		for k := range m.From(c.from) {
			got = append(got, k)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("From(%d) is %v, want %v", c.from, got, c.want)
		}
	}
	for k := range m.All() {
		if k > 20 {
			t.Fatal("All went on after its loop was left")
		}
		if k == 20 {
			break
		}
	}
}

// TestBalance fails when the tree becomes a list: rising keys are what a journal, an outbox and a queue bring.
func TestBalance(t *testing.T) {
	t.Parallel()
	var compared int
	var m immutable.Map[countedKey, int]
	const n = 1 << 14
	for i := range n {
		m = m.Set(countedKey{i, &compared}, i)
	}
	for i := range n / 2 {
		m = m.Delete(countedKey{i, &compared})
	}
	for i := n / 2; i < n; i++ {
		compared = 0
		if _, ok := m.Get(countedKey{i, &compared}); !ok {
			t.Fatalf("key %d is lost", i)
		}
		if compared > 32 {
			t.Fatalf("Get(%d) compared %d keys of %d", i, compared, m.Len())
		}
	}
}

type countedKey struct {
	n        int
	compared *int
}

func (k countedKey) Compare(other countedKey) int {
	*k.compared++
	return cmp.Compare(k.n, other.n)
}
