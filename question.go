package headrace

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/headrace/headrace/driver"
)

// Questions about a journal that lies in another process, and their answers, as they travel over live. They are JSON; what an event is made
// of is bytes in it.

// historySubject is where the owner of a topic answers questions about its journal.
func historySubject(topic string) string { return "history." + liveWord(topic) }

// question is what is asked of a topic's owner. Nothing but the topic: where its partitions end.
type question struct {
	Topic     string `json:"topic"`
	Partition int    `json:"partition,omitempty"`
	After     string `json:"after,omitempty"` // a page after this position
	Limit     int    `json:"limit,omitempty"`
	Seen      string `json:"seen,omitempty"` // this position was really seen
}

// answer is what the owner says. Exactly one of Error, Heads and Page is there, except that a page which was trimmed away has an Error, too.
type answer struct {
	Error   string      `json:"error,omitempty"`
	Trimmed bool        `json:"trimmed,omitempty"`
	Heads   []string    `json:"heads,omitempty"` // by number of the partition
	Page    *pageAnswer `json:"page,omitempty"`
}

type pageAnswer struct {
	Entries []entryAnswer  `json:"entries,omitempty"`
	Head    string         `json:"head"`
	Floor   string         `json:"floor"`
	Epochs  []driver.Epoch `json:"epochs,omitempty"`
	Lost    string         `json:"lost,omitempty"`
}

type entryAnswer struct {
	Position string `json:"position"`
	Meta     []byte `json:"meta"`
	Data     []byte `json:"data"`
}

func encodePage(page driver.Page) *pageAnswer {
	a := &pageAnswer{Head: page.Head.String(), Floor: page.Floor.String(), Epochs: page.Epochs}
	if !page.Lost.IsZero() {
		a.Lost = page.Lost.String()
	}
	for _, e := range page.Entries {
		a.Entries = append(a.Entries, entryAnswer{e.Position.String(), e.Meta, e.Data})
	}
	return a
}

func (a *pageAnswer) decode() (driver.Page, error) {
	page := driver.Page{Epochs: a.Epochs, Entries: make([]driver.Entry, len(a.Entries))}
	var problems [4]error
	page.Head, problems[0] = driver.ParsePosition(a.Head)
	page.Floor, problems[1] = driver.ParsePosition(a.Floor)
	if a.Lost != "" {
		page.Lost, problems[3] = driver.ParsePosition(a.Lost)
	}
	for i, e := range a.Entries {
		page.Entries[i] = driver.Entry{Meta: e.Meta, Data: e.Data}
		if page.Entries[i].Position, problems[2] = driver.ParsePosition(e.Position); problems[2] != nil {
			break
		}
	}
	return page, errors.Join(problems[:]...)
}

// decodeAnswer reads an answer. The owner's own error comes as one, [driver.ErrTrimmed] as itself and together with the page.
func decodeAnswer(data []byte) (answer, error) {
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return answer{}, fmt.Errorf("answer of the owner: %w", err)
	}
	switch {
	case a.Trimmed:
		return a, fmt.Errorf("%w: %s", driver.ErrTrimmed, a.Error)
	case a.Error != "":
		return a, errors.New("the owner says: " + a.Error)
	}
	return a, nil
}
