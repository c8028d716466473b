package headrace_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/headrace/headrace"
)

// song is an event's data, and songV1 and songV2 what it was before.
type (
	song   struct{ Title, Artist string }
	songV2 struct{ Title, By string }
	songV1 struct{ Name string }
)

var songs = headrace.Topic{Name: "songs", Partitions: 2}

func songKey(s song) string { return s.Title }

func fromV2(old songV2) song { return song{Title: old.Title, Artist: old.By} }

func fromV1(old songV1) song { return song{Title: old.Name, Artist: "unknown"} }

var played = headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(2, fromV2), headrace.Upcast(1, fromV1))

func TestMistakesInADefinitionAreNamed(t *testing.T) {
	t.Parallel()
	var noFunction func(songV1) song
	for name, c := range map[string]struct {
		contract headrace.Contract[song]
		want     []string
	}{
		"no name":                 {headrace.Define(songs, "", 1, songKey), []string{`contract ""`, "name is empty"}},
		"bad name":                {headrace.Define(songs, "Song", 1, songKey), []string{`contract "Song"`, "lower-case"}},
		"bad topic":               {headrace.Define(headrace.Topic{Name: "Songs"}, "song.played", 1, songKey), []string{`"song.played"`, `topic "Songs"`}},
		"no topic":                {headrace.Define(headrace.Topic{}, "song.played", 1, songKey), []string{`"song.played"`, `topic ""`}},
		"partitions":              {headrace.Define(headrace.Topic{Name: "s", Partitions: 1025}, "song.played", 1, songKey), []string{`topic "s"`, "1025"}},
		"version 0":               {headrace.Define(songs, "song.played", 0, songKey), []string{`"song.played"`, "version 0"}},
		"version -1":              {headrace.Define(songs, "song.played", -1, songKey), []string{`"song.played"`, "version -1"}},
		"no key":                  {headrace.Define[song](songs, "song.played", 1, nil), []string{`"song.played"`, "no key"}},
		"upcast from 0":           {headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(0, fromV1)), []string{"upcast from version 0", "1 to 2"}},
		"upcast from its own":     {headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(3, fromV1)), []string{"upcast from version 3"}},
		"upcast from the future":  {headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(4, fromV1)), []string{"upcast from version 4"}},
		"upcast in a first one":   {headrace.Define(songs, "song.played", 1, songKey, headrace.Upcast(1, fromV1)), []string{"upcast from version 1"}},
		"two upcasts from one":    {headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(1, fromV1), headrace.Upcast(1, fromV2)), []string{"version 1 is there twice"}},
		"upcast to something":     {headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(1, func(songV1) songV2 { return songV2{} })), []string{"version 1 returns headrace_test.songV2", "must return headrace_test.song"}},
		"upcast to a pointer":     {headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(1, func(songV1) *song { return nil })), []string{"returns *headrace_test.song"}},
		"upcast without function": {headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(1, noFunction)), []string{`"song.played"`, "version 1", "nil"}},
		"upcast of nothing":       {headrace.Define(songs, "song.played", 3, songKey, headrace.Upcaster{}), []string{"upcast from version 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.contract.Encode(song{Title: "Summertime"})
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it says %q: want %q in it", err, want)
				}
			}
			if _, e := c.contract.Decode(headrace.RawEvent{}); !errors.Is(e, err) {
				t.Errorf("Decode says %v: want %v", e, err)
			}
			service := headrace.NewService(headrace.ServiceConfig{Handlers: []headrace.Handler{headrace.On(c.contract, nothing[song])}})
			if e := service.Check(); e == nil || !strings.Contains(e.Error(), err.Error()) {
				t.Errorf("Check of a service that handles it says %v: want %q in it", e, err)
			}
		})
	}
}

func TestNoKeyIsAnErrorToBranchOn(t *testing.T) {
	t.Parallel()
	if _, err := headrace.Define[song](songs, "song.played", 1, nil).Encode(song{}); !errors.Is(err, headrace.ErrNoKey) {
		t.Errorf("got %v", err)
	}
}

func TestContractSaysWhatItIs(t *testing.T) {
	t.Parallel()
	if played.Topic() != songs || played.Name() != "song.played" || played.Version() != 3 || played.String() != "songs/song.played.v3" {
		t.Errorf("it is %v, %q, %d, %q", played.Topic(), played.Name(), played.Version(), played)
	}
}

func TestDecodeReadsEveryVersion(t *testing.T) {
	t.Parallel()
	for version, c := range map[int]struct {
		data string
		want song
	}{
		3: {`{"Title":"Summertime","Artist":"Ella","Later":1}`, song{"Summertime", "Ella"}},
		2: {`{"Title":"Summertime","By":"Billie"}`, song{"Summertime", "Billie"}},
		1: {`{"Name":"Summertime"}`, song{"Summertime", "unknown"}},
	} {
		e, err := played.Decode(rawSong(version, c.data))
		if err != nil || e.Data != c.want || e.Version != version {
			t.Errorf("version %d is read as version %d, %+v, %v: want %+v", version, e.Version, e.Data, err, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	other := headrace.Define(songs, "song.sold", 3, songKey)
	gap := headrace.Define(songs, "song.played", 3, songKey, headrace.Upcast(1, fromV1))
	deep := strings.Repeat(`{"x":`, headrace.MaxDepth+1) + "1" + strings.Repeat("}", headrace.MaxDepth+1)
	for name, c := range map[string]struct {
		contract headrace.Contract[song]
		event    headrace.RawEvent
		want     error
		text     string
	}{
		"newer version":      {played, rawSong(4, `{}`), headrace.ErrUnknownVersion, "version 4"},
		"version 0":          {played, rawSong(0, `{}`), headrace.ErrUnknownVersion, "version 0"},
		"version in between": {gap, rawSong(2, `{}`), headrace.ErrUnknownVersion, "songs/song.played.v3 has no upcast from version 2"},
		"another type":       {other, rawSong(3, `{}`), nil, "songs/song.played"},
		"no JSON":            {played, rawSong(3, `{`), nil, "unexpected end"},
		"no JSON once":       {played, rawSong(1, `]`), nil, "invalid character"},
		"another shape":      {played, rawSong(3, `{"Title":7}`), nil, "Title"},
		"too deep":           {played, rawSong(3, deep), headrace.ErrTooDeep, "64"},
		"too deep once":      {played, rawSong(1, deep), headrace.ErrTooDeep, "64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.contract.Decode(c.event)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v: want %v with %q", err, c.want, c.text)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	e, err := played.Encode(song{"Summertime", "Ella"})
	want := headrace.Metadata{Topic: "songs", Type: "song.played", Version: 3, Key: "Summertime", Partition: songs.Partition("Summertime")}
	if err != nil || e.Metadata != want || string(e.Data) != `{"Title":"Summertime","Artist":"Ella"}` {
		t.Errorf("got %+v with data %s, %v", e.Metadata, e.Data, err)
	}
	unencodable := headrace.Define(songs, "song.hummed", 1, func(func()) string { return "k" })
	if _, err := unencodable.Encode(nil); err == nil || !strings.Contains(err.Error(), "song.hummed") {
		t.Errorf("what is no JSON: got %v", err)
	}
	if _, err := played.Encode(song{}); !errors.Is(err, headrace.ErrNoKey) {
		t.Errorf("an empty key: got %v", err)
	}
}

func rawSong(version int, data string) headrace.RawEvent {
	m := headrace.Metadata{ID: "1", Topic: "songs", Type: "song.played", Version: version, Key: "Summertime"}
	return headrace.RawEvent{Metadata: m, Data: json.RawMessage(data)}
}
