package driver_test

import (
	"slices"
	"testing"

	"github.com/headrace/headrace/driver"
)

func TestPositionsAreOrderedByEpochAndThenSeq(t *testing.T) {
	t.Parallel()
	rising := []driver.Position{
		{},
		driver.Start,
		{Epoch: 1, Seq: 9},
		{Epoch: 1, Seq: 10},
		{Epoch: 2, Seq: 3},
		{Epoch: 10, Seq: 1},
		{Epoch: 10, Seq: 1<<64 - 1},
	}
	for i, p := range rising {
		for j, q := range rising {
			want := min(max(i-j, -1), 1)
			if got := p.Compare(q); got != want {
				t.Errorf("Compare(%s, %s) is %d: want %d", p, q, got, want)
			}
			if got := p.After(q); got != (i > j) {
				t.Errorf("%s after %s: %v", p, q, got)
			}
		}
	}
}

func TestNextStaysInItsEpoch(t *testing.T) {
	t.Parallel()
	if got, want := (driver.Position{Epoch: 3, Seq: 9}).Next(), (driver.Position{Epoch: 3, Seq: 10}); got != want {
		t.Errorf("next is %s: want %s", got, want)
	}
	if !(driver.Position{}).IsZero() || driver.Start.IsZero() {
		t.Error("only the zero position is unknown: Start is before the first event")
	}
}

func TestParsePositionReadsWhatStringWrote(t *testing.T) {
	t.Parallel()
	for _, p := range []driver.Position{{}, driver.Start, {Epoch: 7, Seq: 1<<53 + 1}, {Epoch: 1<<64 - 1, Seq: 1<<64 - 1}} {
		got, err := driver.ParsePosition(p.String())
		if err != nil || got != p {
			t.Errorf("ParsePosition(%q) is %s, %v", p.String(), got, err)
		}
	}
	for _, s := range []string{"", "1", "-", "1-", "-1", "1-2-3", "a-1", "1-b", "1-18446744073709551616", "+1-2", " 1-2", "1-2 "} {
		if p, err := driver.ParsePosition(s); err == nil {
			t.Errorf("ParsePosition(%q) is %s: want an error", s, p)
		}
	}
}

func TestPartitionsAreOrderedByTopicAndThenNumber(t *testing.T) {
	t.Parallel()
	want := []driver.Partition{{Topic: "a", Number: 2}, {Topic: "a", Number: 10}, {Topic: "b", Number: 0}}
	got := []driver.Partition{want[2], want[1], want[0]}
	slices.SortFunc(got, driver.Partition.Compare)
	if !slices.Equal(got, want) {
		t.Errorf("sorted: %v, want %v", got, want)
	}
	if s := want[1].String(); s != "a/10" {
		t.Errorf("a partition is %q as text", s)
	}
}
