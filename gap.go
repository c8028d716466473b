package headrace

import "github.com/headrace/headrace/driver"

// reading is what to make of entries that came for a partition.
type reading struct {
	apply      []driver.Entry // next after the cursor, without a hole
	duplicates int            // at or below the cursor: applied already
	gap        bool           // something is missing after what can be applied: history has it
	beyond     driver.Entry   // the first entry beyond the gap
}

// readStream decides about entries of the stream. The stream is trusted only as long as it continues the cursor in the same epoch: a new
// epoch may have begun below the cursor, which only history can tell.
func readStream(cursor Position, entries []driver.Entry) reading {
	var r reading
	for i, e := range entries {
		switch next := cursor.Next(); {
		case !e.Position.After(cursor):
			r.duplicates++
		case e.Position == next:
			r.apply = append(r.apply, entries[i])
			cursor = next
		default:
			r.gap, r.beyond = true, e
			return r
		}
	}
	return r
}

// readHistory decides about entries of the journal, which is the truth: seq is dense across epochs.
func readHistory(cursor Position, entries []driver.Entry) reading {
	var r reading
	for i, e := range entries {
		if e.Position.Seq != cursor.Seq+1 || e.Position.Epoch < cursor.Epoch {
			r.gap = true // a hole in a journal: never skipped
			return r
		}
		r.apply = append(r.apply, entries[i])
		cursor = e.Position
	}
	return r
}

// enterEpochs moves a cursor to the newest epoch it can enter. Numbering of an epoch went on at its base + 1: a cursor below the base has
// to finish the old epoch first; one above it has applied events that the restored journal does not have, and lost says how many.
func enterEpochs(cursor Position, epochs []driver.Epoch) (entered Position, lost uint64) {
	for _, e := range epochs {
		if e.Number <= cursor.Epoch {
			continue
		}
		if cursor.Seq < e.Base {
			break
		}
		lost += cursor.Seq - e.Base
		cursor = Position{Epoch: e.Number, Seq: e.Base}
	}
	return cursor, lost
}
