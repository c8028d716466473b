package headrace

import (
	"time"

	"github.com/headrace/headrace/driver"
)

// partition is a partition that a worker holds the lease of.
type partition struct {
	id     driver.Partition
	lease  driver.Lease // its Cursor moves with every commit
	behind bool         // it is read from history until it has caught up
	unsure bool         // something went wrong: fence and cursor have to be read again first
	lost   bool         // somebody else has the lease
	// followed says that the reader delivers what comes after the cursor.
	followed bool
	// fresh says that the cursor was not compared with the head yet; looked is when it last was, seen the cursor then, and seenAt since when
	// it was there.
	fresh  bool
	looked time.Time
	seen   Position
	seenAt time.Time
	// ahead is the highest position that the stream was seen to have beyond a gap.
	ahead Position
	// rejoined is where the partition went back from history to the stream the last time.
	rejoined Position
	// holding says that some key may be held: only this worker parks events of the partition, so "no" is certain.
	holding bool
	// careful is the seq up to which events are run one at a time, after a takeover from a member that died.
	careful uint64
	// interrupted are the tries that the store counts and that trouble of the database ended, by position: nobody died of them.
	interrupted map[Position]int
	// resume is when a paused partition goes on; pauses counts the pauses since something worked.
	resume time.Time
	pauses int
	// stalled says that history no longer has what comes next: only a person can help.
	stalled bool
}

func (p *partition) cursor() Position { return p.lease.Cursor }

// readable reports whether entries of the partition can be worked on now.
func (p *partition) readable(now time.Time) bool {
	return !p.lost && !p.unsure && !p.stalled && !now.Before(p.resume)
}

// carefulEntries is how many entries of history are read at once for a partition whose events are run one at a time: more would be read in vain.
const carefulEntries = 32

// pageSize is how many entries of history to read, of those there is room for.
func (p *partition) pageSize(room int) int {
	if p.careful > p.cursor().Seq {
		return min(room, carefulEntries)
	}
	return min(room, pageEntries)
}

// isCareful reports whether an entry may have killed the process before.
func (p *partition) isCareful(e driver.Entry) bool { return e.Position.Seq <= p.careful }

// back is the lease as it is given back: still dirty if what may have ended a process has not been gone through.
func (p *partition) back() driver.Lease {
	l := p.lease
	l.Dirty = p.careful > l.Cursor.Seq
	return l
}

// try begins to try a position that may end the process, and returns how many times it now has been tried without an answer. mark counts it
// in the store. A try that was interrupted goes on.
func (p *partition) try(at Position, mark func() (int, error)) (int, error) {
	if tries := p.interrupted[at]; tries > 0 {
		return tries, nil
	}
	return mark()
}

// tried takes note of how a try ended: with an answer, or with trouble.
func (p *partition) tried(at Position, tries int, trouble error) {
	if trouble == nil {
		delete(p.interrupted, at)
		return
	}
	if p.interrupted == nil {
		p.interrupted = map[Position]int{}
	}
	p.interrupted[at] = tries
}

// moves are the cursors' moves that items come to: items are in order within each partition, and continue its cursor.
func moves(items []item) []driver.Advance {
	var list []driver.Advance
	for _, it := range items {
		p := it.partition
		if n := len(list); n > 0 && list[n-1].Partition == p.id {
			list[n-1].To = it.entry.Position
			continue
		}
		list = append(list, driver.Advance{Partition: p.id, Fence: p.lease.Fence, From: p.cursor(), To: it.entry.Position})
	}
	return list
}
