package headrace

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headrace/headrace/driver"
)

// TestGap asks what is made of entries: "stream 1-3: 1-4 1-5" are entries read from the stream while the cursor stands at 1-3. Epochs are
// written as number@base.
func TestGap(t *testing.T) {
	t.Parallel()
	decisions(t, "testdata/gap.txt", func(question string) string {
		head, list, _ := strings.Cut(question, ":")
		source, at, _ := strings.Cut(head, " ")
		cursor := mustPosition(t, at)
		switch source {
		case "stream":
			return readStream(cursor, parseEntries(t, list)).String()
		case "history":
			return readHistory(cursor, parseEntries(t, list)).String()
		case "epochs":
			entered, lost := enterEpochs(cursor, parseEpochs(t, list))
			return fmt.Sprintf("%s lost %d", entered, lost)
		}
		t.Fatalf("nobody knows what %q asks", question)
		return ""
	})
}

func parseEntries(t *testing.T, list string) []driver.Entry {
	t.Helper()
	var entries []driver.Entry
	for word := range strings.FieldsSeq(list) {
		entries = append(entries, driver.Entry{Position: mustPosition(t, word), Data: []byte(word)})
	}
	return entries
}

func parseEpochs(t *testing.T, list string) []driver.Epoch {
	t.Helper()
	var epochs []driver.Epoch
	for word := range strings.FieldsSeq(list) {
		var e driver.Epoch
		if _, err := fmt.Sscanf(word, "%d@%d", &e.Number, &e.Base); err != nil {
			t.Fatalf("epoch %q: %v", word, err)
		}
		epochs = append(epochs, e)
	}
	return epochs
}

// String is the reading as the stories tell it: what is applied is named by its data, so that it is the entry itself and not only its place.
func (r reading) String() string {
	words := []string{"apply"}
	for _, e := range r.apply {
		words = append(words, string(e.Data))
	}
	if len(r.apply) == 0 {
		words = append(words, "nothing")
	}
	if r.duplicates > 0 {
		words = append(words, fmt.Sprintf("duplicates %d", r.duplicates))
	}
	if r.gap {
		words = append(words, "gap")
	}
	if len(r.beyond.Data) > 0 {
		words = append(words, "before", string(r.beyond.Data))
	}
	return strings.Join(words, " ")
}

// TestEveryDeliveryIsReadOnce tries all streams of up to five entries of a short journal, in rising order of any kind: what is applied always
// continues the cursor, and whatever is missing is noticed.
func TestEveryDeliveryIsReadOnce(t *testing.T) {
	t.Parallel()
	for cursor := range uint64(7) {
		for mask := range 1 << 6 {
			var entries []driver.Entry
			for seq := uint64(1); seq <= 6; seq++ {
				if mask&(1<<(seq-1)) != 0 {
					entries = append(entries, driver.Entry{Position: Position{Epoch: 1, Seq: seq}})
				}
			}
			r := readStream(Position{Epoch: 1, Seq: cursor}, entries)
			next := cursor
			for _, e := range r.apply {
				if next++; e.Position.Seq != next {
					t.Fatalf("cursor %d, stream %06b: applies %v", cursor, mask, r.apply)
				}
			}
			above := mask >> next // what the stream has after that
			if r.gap != (above != 0) || above&1 != 0 {
				t.Fatalf("cursor %d, stream %06b: applied up to %d, gap %v", cursor, mask, next, r.gap)
			}
			if known := len(entries) - len(r.apply); !r.gap && r.duplicates != known {
				t.Fatalf("cursor %d, stream %06b: %d duplicates, want %d", cursor, mask, r.duplicates, known)
			}
		}
	}
}
