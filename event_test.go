package headrace

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace/driver"
)

// everything is metadata in which no field is empty.
func everything() Metadata {
	return Metadata{
		ID: "0198c2a0-0000-7000-8000-000000000001", Topic: "orders", Type: "order.placed", Version: 3, Key: "Ünï/\"key\"",
		Partition: 5, Position: Position{Epoch: 2, Seq: 17}, Time: time.Date(2026, 2, 28, 23, 59, 59, 123456000, time.UTC),
		CorrelationID: "c-1", CausationID: "0198c2a0-0000-7000-8000-000000000000",
		TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", TraceState: "vendor=1", Source: "shop",
	}
}

func TestMetadataSurvivesItsWay(t *testing.T) {
	t.Parallel()
	least := Metadata{ID: "1", Topic: "orders", Type: "t", Version: 1, Key: "k"}
	for name, m := range map[string]Metadata{"everything": everything(), "as little as there can be": least} {
		encoded, err := encodeMetadata(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeMetadata(driver.Partition{Topic: m.Topic, Number: m.Partition}, driver.Entry{Position: m.Position, Meta: encoded})
		if err != nil || got != m {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, m)
		}
	}
}

// TestMetadataKeepsItsNames holds how metadata is written: it stands like that in journals, on streams and in archives.
func TestMetadataKeepsItsNames(t *testing.T) {
	t.Parallel()
	const want = `{"id":"0198c2a0-0000-7000-8000-000000000001","topic":"orders","type":"order.placed","version":3,"key":"Ünï/\"key\"",` +
		`"time":"2026-02-28T23:59:59.123456Z","correlation":"c-1","causation":"0198c2a0-0000-7000-8000-000000000000",` +
		`"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","tracestate":"vendor=1","source":"shop"}`
	encoded, err := encodeMetadata(everything())
	if err != nil || string(encoded) != want {
		t.Errorf("got  %s, %v\nwant %s", encoded, err, want)
	}
}

func TestDecodeMetadataRefuses(t *testing.T) {
	t.Parallel()
	without := func(change func(map[string]any)) string {
		encoded, err := encodeMetadata(everything())
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(encoded, &fields); err != nil {
			t.Fatal(err)
		}
		change(fields)
		if encoded, err = json.Marshal(fields); err != nil {
			t.Fatal(err)
		}
		return string(encoded)
	}
	for name, c := range map[string]struct{ meta, want string }{
		"nothing":       {"", "no metadata"},
		"null":          {"null", "no id"},
		"an empty one":  {"{}", "no id"},
		"no JSON":       {"garbage", "invalid character"},
		"half of it":    {`{"id":"1"`, "unexpected end"},
		"two of them":   {`{"id":"1"} {}`, "invalid character"},
		"an array":      {`[]`, "array"},
		"no id":         {without(func(f map[string]any) { delete(f, "id") }), "no id"},
		"another topic": {without(func(f map[string]any) { f["topic"] = "orders2" }), `names topic "orders2"`},
		"no topic":      {without(func(f map[string]any) { delete(f, "topic") }), `names topic ""`},
		"no type":       {without(func(f map[string]any) { f["type"] = "" }), "no type"},
		"no version":    {without(func(f map[string]any) { delete(f, "version") }), "version 0"},
		"version -1":    {without(func(f map[string]any) { f["version"] = -1 }), "version -1"},
		"half versions": {without(func(f map[string]any) { f["version"] = 1.5 }), "1.5"},
		"no key":        {without(func(f map[string]any) { f["key"] = "" }), "no key"},
		"no time":       {without(func(f map[string]any) { f["time"] = "noon" }), "noon"},
	} {
		_, err := DecodeMetadata(driver.Partition{Topic: "orders"}, driver.Entry{Position: driver.Start, Meta: []byte(c.meta)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.want)
		}
	}
	later := without(func(f map[string]any) { f["colour"] = "blue" })
	if _, err := DecodeMetadata(driver.Partition{Topic: "orders"}, driver.Entry{Meta: []byte(later)}); err != nil {
		t.Errorf("a field that only newer code knows: %v", err)
	}
}

func TestEffectKey(t *testing.T) {
	t.Parallel()
	one, two := Metadata{ID: "1"}, Metadata{ID: "2"}
	seen := map[string]bool{}
	for _, key := range []string{one.EffectKey("charge"), one.EffectKey("refund"), two.EffectKey("charge")} {
		seen[key] = true
	}
	retried := Metadata{ID: "1", Position: Position{Epoch: 2, Seq: 9}, Time: time.Unix(1, 0)}
	if len(seen) != 3 || !seen[retried.EffectKey("charge")] {
		t.Errorf("three effects have the keys %v; run again the first has %s", seen, retried.EffectKey("charge"))
	}
}
