package driver

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Position is the place of an event in its partition. Seq is dense within a partition: 1, 2, 3 and so on, without a hole, across epochs.
// Epoch starts at 1 and rises only when a journal was restored to an older state. The same number is the broker's entry id, the cursor of
// a group and the archive's id. The zero Position is "unknown"; [Start] is "before the first event".
type Position struct {
	Epoch uint64
	Seq   uint64
}

// Start is the position before the first event of a partition.
var Start = Position{Epoch: 1}

// Next is the position that follows p in the same epoch.
func (p Position) Next() Position { return Position{Epoch: p.Epoch, Seq: p.Seq + 1} }

// Compare orders positions as Redis orders entry ids: by epoch, then by seq. It returns -1, 0 or +1.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Epoch, q.Epoch), cmp.Compare(p.Seq, q.Seq))
}

// After reports whether p comes after q.
func (p Position) After(q Position) bool { return p.Compare(q) > 0 }

// IsZero reports whether the position is unknown.
func (p Position) IsZero() bool { return p == Position{} }

// String is the position as "epoch-seq", the form that Redis, logs and URLs use.
func (p Position) String() string {
	return strconv.FormatUint(p.Epoch, 10) + "-" + strconv.FormatUint(p.Seq, 10)
}

// ParsePosition reads what [Position.String] wrote.
func ParsePosition(s string) (Position, error) {
	epoch, seq, found := strings.Cut(s, "-")
	if !found {
		return Position{}, fmt.Errorf("driver: position %q is not of the form epoch-seq", s)
	}
	e, err := strconv.ParseUint(epoch, 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("driver: position %q: epoch: %w", s, err)
	}
	n, err := strconv.ParseUint(seq, 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("driver: position %q: seq: %w", s, err)
	}
	return Position{Epoch: e, Seq: n}, nil
}

// Partition names one partition of a topic. Order holds within it.
type Partition struct {
	Topic  string
	Number int
}

// String is the partition as "topic/number".
func (p Partition) String() string { return p.Topic + "/" + strconv.Itoa(p.Number) }

// Compare orders partitions by topic, then by number: the order in which rows are locked.
func (p Partition) Compare(q Partition) int {
	return cmp.Or(strings.Compare(p.Topic, q.Topic), cmp.Compare(p.Number, q.Number))
}

// Epoch says where an epoch of a partition began: numbering went on at Base+1.
type Epoch struct {
	Number uint64
	Base   uint64
}
