package driver

import "time"

// Entry is an event as machines carry it: its position, its metadata and its data, both encoded. What was put on a stream by somebody
// else has an empty Meta, or one that the engine cannot read; its raw bytes are in Data.
type Entry struct {
	Position Position
	Meta     []byte
	Data     []byte
}

// Batch is a run of entries of one partition in rising order of position.
type Batch struct {
	Partition Partition
	Entries   []Entry
}

// Message is an event that is not numbered yet: a row of the outbox.
type Message struct {
	Partition Partition
	Key       string
	Meta      []byte
	Data      []byte
}

// Timer is a message that becomes due later. Token cancels it.
type Timer struct {
	Token   string
	Due     time.Time
	Message Message
}

// Foreign is something found on a stream that is no event of its topic, kept as it was.
type Foreign struct {
	Partition Partition
	Position  Position
	Data      []byte
	Reason    string
	Time      time.Time
}
